/* What the fakes have in common: answers from a text file beside the library, and a record of every call.
 *
 * NAME.answers has a line a question: "QUESTION STATUS [VALUE...]"; what is not in it is "not supported". QUESTION is the function, with
 * the device and argument where there are any: "0/nvmlDeviceGetClockInfo/1".
 * Where NAME.calls exists beside the library, each call appends a line to it: "FUNCTION key=value ...".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *answers;
static char calls[4096];

__attribute__((unused)) static void load(void *here) {
    Dl_info info;
    if (answers || !dladdr(here, &info))
        return;
    char path[4096];
    /* realpath: the library was perhaps opened through a link. */
    char *real = realpath(info.dli_fname, NULL);
    snprintf(path, sizeof path, "%s.answers", real ? real : info.dli_fname);
    snprintf(calls, sizeof calls, "%s.calls", real ? real : info.dli_fname);
    free(real);
    FILE *file = fopen(path, "r");
    if (!file) {
        answers = "";
        return;
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    answers = calloc(1, size + 2);
    answers[0] = '\n';
    if (fread(answers + 1, 1, size, file) != (size_t)size)
        answers[1] = 0;
    fclose(file);
}

/* The rest of the line behind "\nQUESTION "; NULL when there is none. */
__attribute__((unused)) static const char *ask(void *here, const char *format, ...) {
    char question[256] = "\n";
    va_list list;
    load(here);
    va_start(list, format);
    vsnprintf(question + 1, sizeof question - 2, format, list);
    va_end(list);
    strcat(question, " ");
    const char *found = strstr(answers, question);
    return found ? found + strlen(question) : NULL;
}

__attribute__((unused)) static void called(const char *format, ...) {
    load((void *)called);
    FILE *file = fopen(calls, "r+");
    if (!file)
        return;
    fseek(file, 0, SEEK_END);
    va_list list;
    va_start(list, format);
    vfprintf(file, format, list);
    va_end(list);
    fputc('\n', file);
    fclose(file);
}

/* Status of an answer; the value follows. */
__attribute__((unused)) static int status_of(const char *answer, int absent) { return answer ? atoi(answer) : absent; }

__attribute__((unused)) static const char *value_of(const char *answer) {
    const char *space = answer ? strchr(answer, ' ') : NULL;
    const char *end = answer ? strchr(answer, '\n') : NULL;
    return space && (!end || space < end) ? space + 1 : "";
}

__attribute__((unused)) static void copy_text(const char *value, char *to, unsigned size) {
    unsigned i = 0;
    for (; value[i] && value[i] != '\n' && i + 1 < size; i++)
        to[i] = value[i];
    if (size)
        to[i] = 0;
}
