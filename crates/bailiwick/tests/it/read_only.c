/* Loaded before the C library (LD_PRELOAD): while the file named by READ_ONLY_WHILE exists, writing into any file fails as
 * on a disk that the kernel has made read-only under open files, after an error of the disk. Nobody can do that to a
 * healthy file system: `mount -o remount,ro` is refused while files are open for writing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int refused(void) {
    const char *flag = getenv("READ_ONLY_WHILE");
    if (flag == NULL || access(flag, F_OK) != 0) return 0;
    errno = EROFS;
    return 1;
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
    if (refused()) return -1;
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    return real(file, bytes, size, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) { return pwrite64(file, bytes, size, offset); }

int ftruncate64(int file, off64_t size) {
    if (refused()) return -1;
    int (*real)(int, off64_t) = dlsym(RTLD_NEXT, "ftruncate64");
    return real(file, size);
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }
