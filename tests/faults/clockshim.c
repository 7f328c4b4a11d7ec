/* A wall clock and a total monotonic clock that a test moves, for LD_PRELOAD; CLOCK_MONOTONIC stays as it is.

   CLOCK_OFFSETS names a file of two 64-bit numbers, nanoseconds, mapped shared: what CLOCK_REALTIME and what
   CLOCK_BOOTTIME is moved by. A process whose command line has an argument equal to CLOCK_SPARES keeps the
   true time (the diary server beside the tracker). System calls only: nothing here may ask for a symbol while
   the program is still being loaded. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static volatile long long *offsets;

static int spared(const char *word) {
    char line[8192];
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, line, sizeof line - 1);
    if (file >= 0)
        close(file);
    line[size > 0 ? size : 0] = 0;
    for (ssize_t at = 0; word && at < size; at += (ssize_t)strlen(line + at) + 1)
        if (!strcmp(line + at, word))
            return 1;
    return 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_OFFSETS");
    int file = path && !spared(getenv("CLOCK_SPARES")) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, 2 * sizeof *offsets, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        offsets = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    long long by = 0;
    if (failed || !offsets)
        return failed;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        by = offsets[0];
    else if (clock == CLOCK_BOOTTIME)
        by = offsets[1];
    long long all = now->tv_sec * SECOND + now->tv_nsec + by;
    now->tv_sec = all / SECOND;
    now->tv_nsec = all % SECOND;
    return 0;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact))
        return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (kept)
        *kept = exact.tv_sec;
    return exact.tv_sec;
}
