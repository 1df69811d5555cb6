// Loaded before libc (LD_PRELOAD): writes every change that the process makes below VCRASH_ROOT into VCRASH_LOG, with
// its bytes, in the order in which the changes were made; and lets calls fail.
// The mark `!arm AT COUNT ERRNO` begins to count: from the AT-th on COUNT calls fail with ERRNO, or write short when it is
// 0. `!lift` ends it and appends to the marks how many calls there were, and how many failed, in ten digits each.
// What it could miss (io_uring, a system call without libc) is found by record.ts, which compares the end with the disk.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OP_CREATE = 1, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_RENAME, OP_UNLINK, OP_MKDIR, OP_RMDIR, OP_SYNC_FOLDER, OP_MARK };
enum { FAULT_NONE, FAULT_ERRNO, FAULT_SHORT };

struct header { uint32_t op, path, other, data; uint64_t inode, offset; };

#define MAX_FD 65536
static unsigned char tracked[MAX_FD]; // 1: a file of ours, 2: a folder of ours, 3: the marks
static ino_t tracked_inode[MAX_FD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *marks;
static size_t root_length;
static int log_fd = -1;
static long fault_at, fault_count, fault_seen, fault_done;
static int fault_errno, armed;

__attribute__((constructor)) static void begin(void) {
  root = getenv("VCRASH_ROOT");
  marks = getenv("VCRASH_MARKS");
  if (!root) return;
  root_length = strlen(root);
  const char *log = getenv("VCRASH_LOG");
  if (log) log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static uint64_t inode_of(int fd) {
  struct stat at;
  return fstat(fd, &at) ? 0 : at.st_ino;
}

static int ours(const char *path) {
  if (!root || !path || strncmp(path, root, root_length)) return 0;
  if (path[root_length] != 0 && path[root_length] != '/') return 0;
  size_t length = strlen(path);
  // The WAL index is memory that SQLite builds anew.
  return length < 4 || strcmp(path + length - 4, "-shm");
}

// libuv closes by a system call of its own: a number whose file is another one by now is not ours any more.
static int kind_of(int fd) {
  if (fd < 0 || fd >= MAX_FD || !tracked[fd]) return 0;
  struct stat at;
  if (fstat(fd, &at) || at.st_ino != tracked_inode[fd]) tracked[fd] = 0;
  return tracked[fd];
}

static void put(const void *bytes, size_t length) {
  while (length > 0) {
    long done = syscall(SYS_write, log_fd, bytes, length);
    if (done <= 0) abort();
    bytes = (const char *)bytes + done;
    length -= done;
  }
}

static void record(uint32_t op, const char *path, const char *other, uint64_t inode, uint64_t offset,
                   const void *data, size_t length) {
  if (log_fd < 0) return;
  struct header head = {op, path ? strlen(path) : 0, other ? strlen(other) : 0, length, inode, offset};
  put(&head, sizeof head);
  if (head.path) put(path, head.path);
  if (head.other) put(other, head.other);
  if (length) put(data, length);
}

// Under the lock: what is to happen to this call. A short write is a fault of writes alone.
static int fault(int is_write) {
  if (!armed) return FAULT_NONE;
  fault_seen++;
  if (!fault_at || fault_seen < fault_at || fault_seen >= fault_at + fault_count) return FAULT_NONE;
  if (!fault_errno && !is_write) return FAULT_NONE;
  fault_done++;
  if (!fault_errno) return FAULT_SHORT;
  errno = fault_errno;
  return FAULT_ERRNO;
}

static void mark(int fd, const void *bytes, size_t length) {
  if (length >= 4 && !memcmp(bytes, "!arm", 4)) {
    char text[100] = {0}, *end = text;
    memcpy(text, (const char *)bytes + 4, length - 4 < 99 ? length - 4 : 99);
    fault_at = strtol(end, &end, 10);
    fault_count = strtol(end, &end, 10);
    fault_errno = strtol(end, &end, 10);
    fault_seen = fault_done = 0;
    armed = 1;
  }
  else if (length >= 5 && !memcmp(bytes, "!lift", 5)) {
    char text[40];
    int size = 0;
    for (long at = 1000000000; at; at /= 10) text[size++] = '0' + fault_seen / at % 10;
    for (long at = 1000000000; at; at /= 10) text[size++] = '0' + fault_done / at % 10;
    armed = 0;
    if (syscall(SYS_write, fd, text, size) != size) abort();
  } else record(OP_MARK, 0, 0, 0, 0, bytes, length);
}

static int opened(int fd, const char *path, int flags, int existed) {
  if (fd < 0) return fd;
  struct stat at;
  if (fd >= MAX_FD || fstat(fd, &at)) abort();
  tracked_inode[fd] = at.st_ino;
  if (S_ISDIR(at.st_mode)) { tracked[fd] = 2; return fd; }
  tracked[fd] = 1;
  if (!existed) record(OP_CREATE, path, 0, at.st_ino, 0, 0, 0);
  else if (flags & O_TRUNC) record(OP_TRUNCATE, 0, 0, at.st_ino, 0, 0, 0);
  return fd;
}

static int open_any(int folder, const char *path, int flags, mode_t mode) {
  if (marks && path && !strcmp(path, marks)) {
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0) { tracked[fd] = 3; tracked_inode[fd] = inode_of(fd); }
    return fd;
  }
  if ((folder != AT_FDCWD && path && path[0] != '/') || !ours(path))
    { int fd = syscall(SYS_openat, folder, path, flags, mode); if (fd >= 0 && fd < MAX_FD) tracked[fd] = 0; return fd; }
  pthread_mutex_lock(&lock);
  int existed = 1, fd = -1;
  if (flags & O_CREAT) { struct stat at; existed = !stat(path, &at); }
  int changes = (flags & O_CREAT) && !existed;
  if (!(changes || (flags & O_TRUNC)) || fault(0) == FAULT_NONE) {
    fd = syscall(SYS_openat, folder, path, flags, mode);
    // A file without a name is nobody's after a crash.
    if ((flags & O_TMPFILE) == O_TMPFILE) { if (fd >= 0) tracked[fd] = 0; }
    else opened(fd, path, flags, existed);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE return open_any(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE return open_any(folder, path, flags | O_LARGEFILE, mode); }
int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags | O_LARGEFILE, 0); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
  if (fd >= 0 && fd < MAX_FD) tracked[fd] = 0;
  return syscall(SYS_close, fd);
}

// `at` is -1 for a write at the file's own place, which the kernel keeps.
static ssize_t write_any(int fd, const struct iovec *parts, int count, off_t at) {
  int kind = kind_of(fd);
  if (kind != 1 && kind != 3)
    return at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
  size_t total = 0;
  for (int n = 0; n < count; n++) total += parts[n].iov_len;
  char *bytes = malloc(total ? total : 1);
  for (size_t n = 0, done = 0; n < (size_t)count; done += parts[n++].iov_len) memcpy(bytes + done, parts[n].iov_base, parts[n].iov_len);
  pthread_mutex_lock(&lock);
  ssize_t written = -1;
  if (kind == 3) { mark(fd, bytes, total); written = total; }
  else {
    int what = fault(1);
    size_t wanted = what == FAULT_SHORT && total > 1 ? total / 2 : total;
    if (what != FAULT_ERRNO) {
      written = at < 0 ? syscall(SYS_write, fd, bytes, wanted) : syscall(SYS_pwrite64, fd, bytes, wanted, at);
      if (written > 0) record(OP_WRITE, 0, 0, inode_of(fd), at < 0 ? lseek(fd, 0, SEEK_CUR) - written : at, bytes, written);
    }
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  free(bytes);
  errno = error;
  return written;
}

#define ONE(bytes, length) &(struct iovec){(void *)(bytes), length}, 1
ssize_t write(int fd, const void *bytes, size_t length) {
  return kind_of(fd) ? write_any(fd, ONE(bytes, length), -1) : syscall(SYS_write, fd, bytes, length);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return write_any(fd, ONE(bytes, length), at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return write_any(fd, ONE(bytes, length), at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_any(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_any(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return write_any(fd, parts, count, at); }

static int sync_any(int fd, long call) {
  int kind = kind_of(fd);
  if (kind != 1 && kind != 2) return syscall(call, fd);
  pthread_mutex_lock(&lock);
  int done = -1;
  if (fault(0) == FAULT_NONE && !(done = syscall(call, fd))) {
    char path[4096], link[40];
    if (kind == 1) record(OP_SYNC, 0, 0, inode_of(fd), 0, 0, 0);
    else {
      int at = 0;
      memcpy(link, "/proc/self/fd/", 14);
      for (int n = 10000; n; n /= 10) if (fd >= n || n == 1) link[14 + at++] = '0' + fd / n % 10;
      link[14 + at] = 0;
      ssize_t length = readlink(link, path, sizeof path - 1);
      path[length < 0 ? 0 : length] = 0;
      record(OP_SYNC_FOLDER, path, 0, 0, 0, 0, 0);
    }
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

static int truncate_any(int fd, off_t size) {
  if (kind_of(fd) != 1) return syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&lock);
  int done = -1;
  if (fault(0) == FAULT_NONE && !(done = syscall(SYS_ftruncate, fd, size)))
    record(OP_TRUNCATE, 0, 0, inode_of(fd), size, 0, 0);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int ftruncate(int fd, off_t size) { return truncate_any(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_any(fd, size); }

// Calls that change names, absolute paths alone: the product uses no others.
static int name_any(uint32_t op, const char *path, const char *other, long a, long b, long c, long d, long e, long call) {
  if (!ours(path) && !(other && ours(other))) return syscall(call, a, b, c, d, e);
  pthread_mutex_lock(&lock);
  struct stat at = {0};
  int done = -1;
  if (fault(0) == FAULT_NONE) {
    if (stat(path, &at)) at.st_ino = 0;
    if (!(done = syscall(call, a, b, c, d, e))) record(op, path, other, at.st_ino, 0, 0, 0);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
#define L(value) (long)(value)
int rename(const char *from, const char *to) { return name_any(OP_RENAME, from, to, AT_FDCWD, L(from), AT_FDCWD, L(to), 0, SYS_renameat2); }
int renameat(int a, const char *from, int b, const char *to) { return name_any(OP_RENAME, from, to, a, L(from), b, L(to), 0, SYS_renameat2); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return name_any(OP_RENAME, from, to, a, L(from), b, L(to), flags, SYS_renameat2); }
int unlink(const char *path) { return name_any(OP_UNLINK, path, 0, AT_FDCWD, L(path), 0, 0, 0, SYS_unlinkat); }
int unlinkat(int a, const char *path, int flags) { return name_any(flags & AT_REMOVEDIR ? OP_RMDIR : OP_UNLINK, path, 0, a, L(path), flags, 0, 0, SYS_unlinkat); }
int rmdir(const char *path) { return name_any(OP_RMDIR, path, 0, AT_FDCWD, L(path), AT_REMOVEDIR, 0, 0, SYS_unlinkat); }
int mkdir(const char *path, mode_t mode) { return name_any(OP_MKDIR, path, 0, AT_FDCWD, L(path), mode, 0, 0, SYS_mkdirat); }
int mkdirat(int a, const char *path, mode_t mode) { return name_any(OP_MKDIR, path, 0, a, L(path), mode, 0, 0, SYS_mkdirat); }

// Not used by the product on its own files: whoever begins to, has to teach this shim.
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t length, unsigned flags) {
  if (kind_of(to) == 1) abort();
  return syscall(SYS_copy_file_range, from, a, to, b, length, flags);
}
int fallocate(int fd, int mode, off_t at, off_t length) {
  if (kind_of(fd) != 1) return syscall(SYS_fallocate, fd, mode, at, length);
  if (mode) abort();
  pthread_mutex_lock(&lock);
  struct stat before;
  int done = -1;
  if (fault(0) == FAULT_NONE && !fstat(fd, &before) && !(done = syscall(SYS_fallocate, fd, mode, at, length)) && at + length > before.st_size)
    record(OP_TRUNCATE, 0, 0, before.st_ino, at + length, 0, 0);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int fallocate64(int fd, int mode, off64_t at, off64_t length) { return fallocate(fd, mode, at, length); }
int posix_fallocate(int fd, off_t at, off_t length) { return fallocate(fd, 0, at, length) ? errno : 0; }
