/* The system's name lookup, answered by a test. Loaded before the C library (LD_PRELOAD), it reads the file that
 * NAME_LOOKUP names: lines of a host name and its addresses, in the order in which they are to be tried. A name that
 * stands in no line is not found; "+2" among the addresses lets the lookup take two seconds. Each name that is looked up
 * is appended to the file that NAME_LOOKUP_LOG names, with the process that asks. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void wait_seconds(double seconds) {
    struct timespec wait = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&wait, NULL);
}

static void note(const char *node) {
    FILE *log = fopen(getenv("NAME_LOOKUP_LOG"), "a");
    if (log != NULL) {
        fprintf(log, "%s %d\n", node, getpid());
        fclose(log);
    }
}

/* Appends what the numeric `address` stands for to `result`. */
static int append(const char *address, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    lookup *genuine = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo **end = result;
    while (*end != NULL)
        end = &(*end)->ai_next;
    return genuine(address, service, hints, end);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    char line[1024], *rest, *word;
    int status = EAI_NONAME;
    FILE *names = fopen(getenv("NAME_LOOKUP"), "r");
    *result = NULL;
    if (node != NULL)
        note(node);
    while (names != NULL && node != NULL && fgets(line, sizeof line, names) != NULL) {
        if ((word = strtok_r(line, " \n", &rest)) == NULL || strcmp(word, node) != 0)
            continue;
        status = 0;
        while (status == 0 && (word = strtok_r(NULL, " \n", &rest)) != NULL) {
            if (*word == '+')
                wait_seconds(atof(word + 1));
            else
                status = append(word, service, hints, result);
        }
        break;
    }
    if (names != NULL)
        fclose(names);
    if (status == EAI_NONAME) {
        /* An address is its own answer; nothing here ever asks a name server. */
        struct addrinfo numeric = {0};
        if (hints != NULL)
            numeric = *hints;
        numeric.ai_flags |= AI_NUMERICHOST;
        status = append(node, service, &numeric, result);
    }
    return status;
}
