/* A fake libnccl.so.2 (nccl.h) for the GPUs of one process: what a group asks for is done at its end, in host memory, when all ranks
 * have asked. FP32 only where something is summed. Messages above 16 MiB, which only measurements send, are not moved.
 */
#include "fake.h"
#include <stdint.h>

enum { SUCCESS = 0, INTERNAL = 3, INVALID_ARGUMENT = 4, INVALID_USAGE = 5 };
enum { ALL_REDUCE = 1, ALL_GATHER, REDUCE_SCATTER, BROADCAST, SEND, RECEIVE };

#define MOST_RANKS 16
#define MOST_BYTES (16ull << 20)

struct request { int kind, rank, type, peer; uint64_t from, to; size_t count; };

static struct request requests[8 * MOST_RANKS];
static int depth, pending, ranks;

/* ncclDataType_t */
static size_t size_of(int type) { return type <= 1 ? 1 : type <= 3 ? 4 : type <= 5 ? 8 : type == 6 ? 2 : type == 7 ? 4 : type == 8 ? 8 : 2; }

int ncclGetVersion(int *version) {
    *version = 22809;
    return SUCCESS;
}

/* A communicator is 1 + its rank. */
int ncclCommInitAll(long *communicators, int count, const int *devices) {
    called("ncclCommInitAll count=%d", count);
    if (count < 1 || count > MOST_RANKS || !devices)
        return INVALID_ARGUMENT;
    ranks = count;
    for (int i = 0; i < count; i++)
        communicators[i] = 1 + i;
    return SUCCESS;
}

int ncclCommDestroy(long communicator) {
    called("ncclCommDestroy");
    return communicator ? SUCCESS : INVALID_ARGUMENT;
}

const char *ncclGetErrorString(int status) { return status ? "fake error" : "no error"; }

/* One collective, with the request of each rank. */
static int collective(struct request *of[]) {
    struct request *first = of[0];
    size_t size = size_of(first->type), bytes = first->count * size;
    for (int r = 0; r < ranks; r++)
        if (of[r]->count != first->count || of[r]->type != first->type || of[r]->peer != first->peer)
            return INVALID_USAGE;
    if (bytes > MOST_BYTES)
        return SUCCESS;
    if (first->kind == BROADCAST) {
        for (int r = 0; r < ranks; r++)
            memmove((void *)of[r]->to, (void *)of[first->peer]->from, bytes);
        return SUCCESS;
    }
    if (first->kind == ALL_GATHER) {
        for (int r = 0; r < ranks; r++)
            for (int s = 0; s < ranks; s++)
                memmove((char *)of[r]->to + s * bytes, (void *)of[s]->from, bytes);
        return SUCCESS;
    }
    if (first->type != 7)
        return INVALID_ARGUMENT;
    size_t all = first->kind == ALL_REDUCE ? first->count : first->count * ranks;
    float *sum = calloc(all, sizeof *sum);
    if (!sum)
        return INTERNAL;
    for (int r = 0; r < ranks; r++)
        for (size_t i = 0; i < all; i++)
            sum[i] += ((float *)of[r]->from)[i];
    for (int r = 0; r < ranks; r++)
        memcpy((void *)of[r]->to, sum + (first->kind == ALL_REDUCE ? 0 : r * first->count), bytes);
    free(sum);
    return SUCCESS;
}

static struct request *find(int kind, int rank, int peer) {
    for (int i = 0; i < pending; i++)
        if (requests[i].kind == kind && requests[i].rank == rank && (peer < 0 || requests[i].peer == peer))
            return &requests[i];
    return NULL;
}

static int done(void) {
    int status = SUCCESS;
    for (int i = 0; i < pending && status == SUCCESS; i++) {
        struct request *of[MOST_RANKS] = { NULL }, *one = &requests[i];
        int kind = one->kind;
        if (kind == 0)
            continue;
        if (kind == SEND || kind == RECEIVE) {
            of[0] = kind == SEND ? one : find(SEND, one->peer, one->rank);
            of[1] = kind == SEND ? find(RECEIVE, one->peer, one->rank) : one;
            if (!of[0] || !of[1] || of[0]->count != of[1]->count)
                return pending = 0, INVALID_USAGE;
            if (one->count * size_of(one->type) <= MOST_BYTES)
                memmove((void *)of[1]->to, (void *)of[0]->from, one->count * size_of(one->type));
            of[0]->kind = of[1]->kind = 0;
            continue;
        }
        for (int r = 0; r < ranks; r++)
            if (!(of[r] = find(kind, r, -1)))
                return pending = 0, INVALID_USAGE;
        status = collective(of);
        for (int r = 0; r < ranks; r++)
            of[r]->kind = 0;
    }
    pending = 0;
    return status;
}

static int request(const char *name, struct request one, long communicator) {
    called("%s count=%zu type=%d", name, one.count, one.type);
    one.rank = communicator - 1;
    if (communicator < 1 || communicator > ranks || pending == 8 * MOST_RANKS)
        return INVALID_ARGUMENT;
    requests[pending++] = one;
    return depth ? SUCCESS : done();
}

int ncclGroupStart(void) {
    depth++;
    return SUCCESS;
}

int ncclGroupEnd(void) {
    called("ncclGroupEnd");
    if (depth < 1)
        return INVALID_USAGE;
    return --depth ? SUCCESS : done();
}

int ncclAllReduce(uint64_t from, uint64_t to, size_t count, int type, int op, long c, long s) {
    (void)s;
    return op ? INVALID_ARGUMENT : request("ncclAllReduce", (struct request){ ALL_REDUCE, 0, type, 0, from, to, count }, c);
}

int ncclAllGather(uint64_t from, uint64_t to, size_t count, int type, long c, long s) {
    (void)s;
    return request("ncclAllGather", (struct request){ ALL_GATHER, 0, type, 0, from, to, count }, c);
}

int ncclReduceScatter(uint64_t from, uint64_t to, size_t count, int type, int op, long c, long s) {
    (void)s;
    return op ? INVALID_ARGUMENT : request("ncclReduceScatter", (struct request){ REDUCE_SCATTER, 0, type, 0, from, to, count }, c);
}

int ncclBroadcast(uint64_t from, uint64_t to, size_t count, int type, int root, long c, long s) {
    (void)s;
    return root < 0 || root >= ranks ? INVALID_ARGUMENT : request("ncclBroadcast", (struct request){ BROADCAST, 0, type, root, from, to, count }, c);
}

int ncclSend(uint64_t from, size_t count, int type, int peer, long c, long s) {
    (void)s;
    return request("ncclSend", (struct request){ SEND, 0, type, peer, from, 0, count }, c);
}

int ncclRecv(uint64_t to, size_t count, int type, int peer, long c, long s) {
    (void)s;
    return request("ncclRecv", (struct request){ RECEIVE, 0, type, peer, 0, to, count }, c);
}
