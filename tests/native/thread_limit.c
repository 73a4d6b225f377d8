/* A system that starts no more threads. Loaded before the C library (LD_PRELOAD), it fails as the system does while the
 * variable THREAD_LIMIT is set in the environment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    create *genuine = (create *)dlsym(RTLD_NEXT, "pthread_create");
    return getenv("THREAD_LIMIT") != NULL ? EAGAIN : genuine(thread, attributes, start, argument);
}
