"""Kernels to boot as a guest, on this machine's own files: root is read-only with RAM on top, one
folder is written through, there is no network but lo.

The stock Debian kernel under QEMU's software emulation works everywhere; KVM is never used, because
where it opens it need not work. A User Mode Linux runner beside the repository is taken instead
when it is there, being ten times faster. Both give the job's exit status, 125 when the guest never
told any, and leave no process behind however they ended.
"""

import gzip
import hashlib
import lzma
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import genuine

HERE = Path(__file__).resolve().parent
UML_RUNNER = HERE.parents[2] / "shared" / "kernel-lab" / "run-uml"
NEVER_TOLD = 125
BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
USB_MODULES = ("vhci_hcd", "cdc_acm")
# Users other than root have no sbin in their PATH, and need nothing there but depmod and modprobe.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
UNPACKING = ("apt-get", "dpkg-deb")


class CannotRun(Exception):
    """This machine can boot no guest; says why."""


def lacks(tools):
    """The first of these programs that is not here, in words; None when all are."""
    return next((f"no {tool}" for tool in tools if not shutil.which(tool, path=PATH)), None)


def package(words, target):
    """Downloads a Debian package and unpacks it into `target`; nothing is installed. The words are
    tried in turn."""
    for word in words:
        with tempfile.TemporaryDirectory() as work:
            done = subprocess.run(["apt-get", "download", "-q", word], cwd=work, timeout=900,
                                  capture_output=True, text=True)
            found = list(Path(work).glob("*.deb"))
            if done.returncode == 0 and found:
                subprocess.run(["dpkg-deb", "-x", found[0], target], check=True)
                return
    raise genuine.GenuineError(
        f"apt-get could not download {words[0]}: {done.stderr.strip()}\n"
        "Check the network and run apt-get update; what was fetched once stays in the test cache."
    )


def udev():
    """A folder with bin/udevadm and its rules, of the version that fits the installed libudev."""
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libudev1"], check=True,
                             capture_output=True, text=True).stdout

    name = f"guest-udev-{re.sub('[^A-Za-z0-9.-]', '_', version)}"
    return genuine.made_once(name, lambda target: package([f"udev={version}", "udev"], target / "udev")) / "udev"


def watch(words, log, seconds, **options):
    """Runs a guest to its end, at most that long; returns its exit code, None when it was too late,
    and what it said. That goes through a file: whatever outlives it would hold a pipe open."""
    with open(log, "w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said,
                                   stderr=subprocess.STDOUT, **options)
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        said.seek(0)
        late = f"no end within {seconds} s\n" if code is None else ""
        return code, late + said.read()


def kill_programs_of(folder):
    """Ends every process whose program lies in this folder: a User Mode Linux that is killed, as for
    want of memory, leaves its helpers running."""
    for link in Path("/proc").glob("[0-9]*/exe"):
        try:
            if link.readlink().is_relative_to(folder):
                os.kill(int(link.parent.name), signal.SIGKILL)
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else


class Uml:
    """User Mode Linux: a kernel that is a process."""

    slowness = 1
    run_seconds = 400

    @staticmethod
    def missing():
        if not UML_RUNNER.exists():
            return "no User Mode Linux beside the repository"
        return lacks((*UNPACKING, "busybox"))

    @staticmethod
    def prepare():
        udev()

    @staticmethod
    def run(job, out, seconds):
        """Runs a job script; `out` receives what it writes to /out."""
        work = out.parent / "uml"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        (work / "udev").symlink_to(udev())
        environment = {**os.environ, "KERNEL_LAB_DIR": str(work), "T": str(seconds)}
        code, said = watch(["bash", UML_RUNNER, job], work / "said", seconds + 30, env=environment)
        kill_programs_of(work)
        for written in work.glob("out.*"):
            shutil.rmtree(out, ignore_errors=True)
            written.rename(out)
        return NEVER_TOLD if code is None else code, said


class Qemu:
    """The stock Debian kernel on an emulated processor."""

    slowness = 6
    run_seconds = 800

    @staticmethod
    def missing():
        return lacks((*UNPACKING, "qemu-system-x86_64", "busybox", "cpio", "modprobe", "depmod"))

    @staticmethod
    def prepare():
        udev()
        Qemu.kernel()

    @staticmethod
    def kernel():
        """A folder with vmlinux, initrd.gz and the USB modules of the newest kernel package."""
        depends = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], check=True,
                                 capture_output=True, text=True).stdout
        found = re.search(r"Depends: (linux-image-\S+)", depends)
        if not found:
            raise CannotRun("apt knows no linux-image-amd64; run apt-get update")
        release = found[1].removeprefix("linux-image-")
        key = hashlib.sha256((HERE / "guest" / "init").read_bytes()).hexdigest()[:8]
        return genuine.made_once(f"guest-kernel-{release}-{key}",
                                 lambda target: make_kernel(found[1], release, target))

    @staticmethod
    def run(job, out, seconds):
        """Runs a job script; `out` receives what it writes to /out."""
        kernel = Qemu.kernel()
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        shutil.copy(job, out / "job")
        share = "security_model=none,multidevs=remap"
        words = [
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
            "-m", "1024", "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-serial", "stdio", "-kernel", str(kernel / "vmlinux"),
            "-initrd", str(kernel / "initrd.gz"), "-append",
            "console=ttyS0 quiet loglevel=3 panic=-1 random.trust_cpu=on mitigations=off nokaslr tsc=reliable",
            "-virtfs", f"local,path=/,mount_tag=hostroot,readonly=on,{share}",
            "-virtfs", f"local,path={out},mount_tag=hostout,{share}",
        ]
        _, said = watch(words, out / "said", seconds)
        told = out / "rc"
        return int(told.read_text()) if told.exists() else NEVER_TOLD, said


def make_kernel(name, release, target):
    """Keeps of a kernel package what a guest needs: 400 MB become 80."""
    whole = target / "whole"
    package([name], whole)
    subprocess.run([shutil.which("depmod", path=PATH), "-b", whole, release], check=True)
    compressed = (whole / "boot" / f"vmlinuz-{release}").read_bytes()
    start = compressed.index(b"\xfd7zXZ\x00")
    (target / "vmlinux").write_bytes(lzma.LZMADecompressor().decompress(compressed[start:]))
    tree = target / "tree"
    for name in ("bin", "boot-modules", "usb-modules", "proc", "sys", "dev", "lower", "rw", "new"):
        (tree / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), tree / "bin" / "busybox")
    copy_modules(whole, release, BOOT_MODULES, tree / "boot-modules")
    copy_modules(whole, release, USB_MODULES, tree / "usb-modules")
    shutil.copy(HERE / "guest" / "init", tree / "init")
    (tree / "init").chmod(0o755)
    names = "\n".join(["."] + [str(path.relative_to(tree)) for path in sorted(tree.rglob("*"))])
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, check=True,
                             input=names.encode(), capture_output=True).stdout
    (target / "initrd.gz").write_bytes(gzip.compress(archive, 1))
    shutil.rmtree(whole)
    shutil.rmtree(tree)


def copy_modules(whole, release, names, folder):
    """Copies modules with all that they need, and the order to load them in."""
    order = []
    for name in names:
        words = [shutil.which("modprobe", path=PATH), "-d", whole, "-S", release, "--show-depends", name]
        shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        for line in shown.splitlines():
            words = line.split()
            if words and words[0] == "insmod" and Path(words[1]).name not in order:
                order.append(Path(words[1]).name)
                shutil.copy(words[1], folder)
    (folder / "order").write_text("".join(f"{name}\n" for name in order))


def able():
    """The kernels that can run here, the fastest first, or only what OSB_GUEST (uml, qemu) names;
    CannotRun."""
    kinds = {"uml": Uml, "qemu": Qemu}
    wanted = os.environ.get("OSB_GUEST")
    reasons = {kind: kind.missing() for name, kind in kinds.items() if wanted in (None, "", name)}
    found = [kind for kind, reason in reasons.items() if reason is None]
    if not found:
        raise CannotRun("; ".join(reasons.values()) or f"OSB_GUEST={wanted}: name uml or qemu")
    return found
