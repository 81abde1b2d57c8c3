/* A fake libcublasLt.so.13 (cublasLt.h) that finds an algorithm for every product and computes none. */
#include "fake.h"
#include <stdint.h>

enum { SUCCESS = 0, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };

#define HERE ((void *)cublasLtGetVersion)

size_t cublasLtGetVersion(void) {
    const char *answer = ask(HERE, "cublasLtGetVersion");
    return answer ? strtoul(value_of(answer), NULL, 10) : 130100;
}

#define DROP(name) int name(long handle) { called(#name); return handle ? SUCCESS : INVALID_VALUE; }

int cublasLtCreate(long *handle) {
    called("cublasLtCreate");
    *handle = 1;
    return SUCCESS;
}

int cublasLtMatmulDescCreate(long *description, int compute, int scale) {
    called("cublasLtMatmulDescCreate compute=%d scale=%d", compute, scale);
    *description = 2;
    return SUCCESS;
}

int cublasLtMatmulDescSetAttribute(long description, int attribute, const void *value, size_t size) {
    (void)description;
    called("cublasLtMatmulDescSetAttribute attribute=%d size=%zu", attribute, size);
    /* Transposes are 4 bytes, scale pointers 8, fast accumulation 1. */
    size_t right = attribute == 3 || attribute == 4 ? 4 : attribute == 17 || attribute == 18 ? 8 : attribute == 25 ? 1 : size;
    return value && size == right ? SUCCESS : INVALID_VALUE;
}

int cublasLtMatrixLayoutCreate(long *layout, int type, uint64_t rows, uint64_t columns, int64_t leading) {
    called("cublasLtMatrixLayoutCreate type=%d", type);
    *layout = 3;
    return rows && columns && leading >= (int64_t)rows ? SUCCESS : INVALID_VALUE;
}

int cublasLtMatmulPreferenceCreate(long *preference) {
    called("cublasLtMatmulPreferenceCreate");
    *preference = 4;
    return SUCCESS;
}

int cublasLtMatmulPreferenceSetAttribute(long preference, int attribute, const void *value, size_t size) {
    (void)preference;
    called("cublasLtMatmulPreferenceSetAttribute attribute=%d size=%zu", attribute, size);
    return value && attribute == 1 && size == 8 ? SUCCESS : INVALID_VALUE;
}

/* cublasLtMatmulHeuristicResult_t */
struct heuristic { uint64_t algorithm[8]; size_t workspace; int status; float waves; int reserved[4]; };

int cublasLtMatmulAlgoGetHeuristic(
    long handle, long description, long a, long b, long c, long d, long preference, int most, struct heuristic *results, int *found) {
    called("cublasLtMatmulAlgoGetHeuristic most=%d", most);
    *found = 0;
    if (!handle || !description || !a || !b || !c || !d || !preference || most < 1)
        return INVALID_VALUE;
    memset(results, 0, sizeof *results);
    results[0].algorithm[0] = 1;
    results[0].waves = 1;
    *found = 1;
    return SUCCESS;
}

int cublasLtMatmul(
    long handle, long description, const void *alpha, uint64_t a, long la, uint64_t b, long lb, const void *beta, uint64_t c, long lc, uint64_t d, long ld,
    const uint64_t *algorithm, uint64_t workspace, size_t workspace_bytes, long stream) {
    (void)la, (void)lb, (void)lc, (void)ld, (void)workspace, (void)workspace_bytes, (void)stream;
    called("cublasLtMatmul");
    return handle && description && alpha && beta && a && b && c && d && algorithm[0] == 1 ? SUCCESS : INVALID_VALUE;
}

DROP(cublasLtDestroy)
DROP(cublasLtMatmulDescDestroy)
DROP(cublasLtMatrixLayoutDestroy)
DROP(cublasLtMatmulPreferenceDestroy)
