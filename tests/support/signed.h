#pragma once
/** A key and a signature, by minisign 0.11 of Debian 12. The key guards nothing: it lies here. */

static const char their_public[] = "RWT5Y8xVLL1KZkpdQ3xQp73gKBLWrh02fGqs1do3tw/tH18Pk+t50Rwc";
static const char their_secret[] = "untrusted comment: minisign encrypted secret key\n"
                                   "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                   "AAAAAAAAA+WPMVSy9SmZ9mRu/c9+zGwEP"
                                   "bHqayXh7AoBXxNaZW33hOSTYU3OBLEpdQ3xQp73gKBLWrh02fGqs1do3tw/"
                                   "tH18Pk+t50RwcAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                   "AAAAAAAAAAAAAAA=\n";
static const char signed_content[] = "osbundle\n";
static const char signed_by_minisign[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUT5Y8xVLL1KZuR+buCbfhH+YjU+YTB0OrPuqp260Sl0+"
    "majIpZi9ZO0QwiQCs2e0FcYPZ17NACEHlDCd9ibSsv4XxSofSOCGgQ=\n"
    "trusted comment: role:lock version:7 expires:2027-01-31\n"
    "h916aOzXOYUj79sGPBsH6pVROIkpgobYFAG9qmKyv0H5SC/jVWKfFC7pLWL5nJo5C+ZshFXmSQRdxiCiy8WHCg==\n";
