/* A disk that takes SLOW_MS (5) milliseconds longer for each flush, for a program that this is loaded into before libc.
 *
 * Only whoever flushes waits; held up from outside, by strace, a program of several threads paid for each of its flushes with
 * far more than their time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static int slow(const char *name, int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int ended = real(file);
    int error = errno;
    const char *more = getenv("SLOW_MS");
    long ms = more ? atol(more) : 5;
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
    errno = error;
    return ended;
}

int fsync(int file) { return slow("fsync", file); }
int fdatasync(int file) { return slow("fdatasync", file); }
