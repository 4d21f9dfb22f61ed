/* Memory for nodes: chunks of 2 MB that are filled from one end, so that a graph lies in the order of its birth.

A chunk whose nodes have all died goes back to the system, but for the few that the next training step will want.
*/

#define CHUNK ((size_t)1 << 21)
#define KEPT 32        /* empty chunks, 64 MB */
#define HUGE_FROM 64   /* chunks in use from which on huge pages pay and their rounding does not matter */

typedef struct Chunk {
    struct Chunk *next, *before; /* in the list of chunks with room, or of empty ones */
    Node *freed;                 /* the dead, linked by their first word */
    Node *fresh, *end;           /* what was never used */
    size_t alive;
} Chunk;

static Chunk *filling, *roomy, *empty;
static size_t chunks, empties;

#define FIRST(chunk) ((Node *)((char *)(chunk) + 64))

#if defined(MICROGRAD_LIKE_NO_POOL) /* for tools that watch malloc */
static size_t chunks_in_use(void) { return SIZE_MAX / CHUNK; } /* nobody knows */
static Node *pool_take(void) { return malloc(sizeof(Node)); }
static void pool_give(Node *node) { free(node); }
#else

#if defined(_WIN32)
#include <malloc.h>
static void *map_chunk(void) { return _aligned_malloc(CHUNK, CHUNK); }
static void unmap_chunk(void *chunk) { _aligned_free(chunk); }
#else
#include <sys/mman.h>
static void *map_chunk(void) { /* twice the size holds an aligned one */
    char *at = mmap(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return NULL;
    size_t before = (CHUNK - (uintptr_t)at % CHUNK) % CHUNK;
    if (before) munmap(at, before);
    munmap(at + before + CHUNK, CHUNK - before);
#ifdef MADV_HUGEPAGE
    if (chunks >= HUGE_FROM) madvise(at + before, CHUNK, MADV_HUGEPAGE);
#endif
    return at + before;
}
static void unmap_chunk(void *chunk) { munmap(chunk, CHUNK); }
#endif

static void link_chunk(Chunk **list, Chunk *chunk) {
    chunk->before = NULL, chunk->next = *list;
    if (*list) (*list)->before = chunk;
    *list = chunk;
}

static void unlink_chunk(Chunk **list, Chunk *chunk) {
    if (chunk->before) chunk->before->next = chunk->next;
    else *list = chunk->next;
    if (chunk->next) chunk->next->before = chunk->before;
}

static int next_chunk(void) {
    Chunk **from = roomy ? &roomy : &empty, *chunk = *from;
    if (chunk) {
        if (from == &empty) empties--;
        unlink_chunk(from, chunk);
    } else {
        if (!(chunk = map_chunk())) return 0;
        chunk->alive = 0, chunk->freed = NULL, chunk->fresh = FIRST(chunk);
        chunk->end = chunk->fresh + (CHUNK - 64) / sizeof(Node);
        chunks++;
    }
    filling = chunk;
    return 1;
}

static size_t chunks_in_use(void) { return chunks - empties; }

INLINE Node *pool_take(void) {
    for (;;) {
        Chunk *chunk = filling;
        if (LIKELY(chunk != NULL)) {
            Node *node = chunk->freed;
            if (node) chunk->freed = *(Node **)node;
            else if (chunk->fresh < chunk->end) node = chunk->fresh++;
            if (LIKELY(node != NULL)) {
                chunk->alive++;
                return node;
            }
        }
        if (!next_chunk()) return NULL;
    }
}

static void chunk_emptied(Chunk *chunk) {
    chunk->freed = NULL, chunk->fresh = FIRST(chunk); /* in order again */
    if (chunk == filling) return;
    unlink_chunk(&roomy, chunk);
    if (empties < KEPT) {
        link_chunk(&empty, chunk);
        empties++;
    } else {
        chunks--;
        unmap_chunk(chunk);
    }
}

static inline void pool_give(Node *node) {
    Chunk *chunk = (Chunk *)((uintptr_t)node & ~(uintptr_t)(CHUNK - 1));
    if (UNLIKELY(!chunk->freed && chunk->fresh == chunk->end && chunk != filling)) link_chunk(&roomy, chunk);
    *(Node **)node = chunk->freed;
    chunk->freed = node;
    if (UNLIKELY(--chunk->alive == 0)) chunk_emptied(chunk);
}
#endif
