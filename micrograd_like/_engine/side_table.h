/* What few nodes have: a label, attributes of the learner's own, an unusual shape. A leaf keeps it where others
keep their inputs; for the rest there is this table, keyed by address, so that nobody pays for what others have. */

typedef struct {
    Node *node;
    Attic attic;
} Row;

static Row *rows;
static size_t row_mask, row_count; /* the size less one, a power of two; open addressing, linear probing */

static inline size_t row_home(Node *node) { return ((uintptr_t)node >> 4) * (size_t)0x9E3779B97F4A7C15u >> 20 & row_mask; }

static Row *row_at(Node *node) {
    size_t i = row_home(node);
    while (rows[i].node && rows[i].node != node) i = (i + 1) & row_mask;
    return &rows[i];
}

static int rows_resize(size_t size) {
    Row *old = rows, *fresh = calloc(size, sizeof(Row));
    if (!fresh) return 0;
    size_t count = old ? row_mask + 1 : 0;
    rows = fresh, row_mask = size - 1;
    for (size_t i = 0; i < count; i++)
        if (old[i].node) *row_at(old[i].node) = old[i];
    free(old);
    return 1;
}

/* The attic of a node, or NULL if it has none. */
static inline Attic *attic_of(Node *node) {
    if (CODE(node) == LEAF) return &node->leaf;
    return node->bits & IN_ATTIC ? &row_at(node)->attic : NULL;
}

/* The attic of a node, made if it has none; NULL with MemoryError. */
static Attic *attic_for(Node *node) {
    Attic *found = attic_of(node);
    if (found) return found;
    if (2 * (row_count + 1) > (rows ? row_mask + 1 : 0) && !rows_resize(rows ? 2 * (row_mask + 1) : 1024))
        return PyErr_NoMemory(), NULL;
    Row *row = row_at(node);
    row->node = node, row_count++;
    node->bits |= IN_ATTIC;
    return &row->attic;
}

/* Take a node's attic away and return it, all zero if it had none. */
static Attic attic_taken(Node *node) {
    Attic taken = {0};
    if (CODE(node) == LEAF) {
        taken = node->leaf;
        memset(&node->leaf, 0, sizeof(Attic));
    } else if (node->bits & IN_ATTIC) {
        size_t hole = row_at(node) - rows;
        taken = rows[hole].attic;
        node->bits &= ~(uint64_t)IN_ATTIC;
        row_count--;
        for (size_t i = (hole + 1) & row_mask; rows[i].node; i = (i + 1) & row_mask) /* close the gap */
            if (((i - row_home(rows[i].node)) & row_mask) >= ((i - hole) & row_mask)) {
                rows[hole] = rows[i];
                hole = i;
            }
        memset(&rows[hole], 0, sizeof(Row));
        if (row_mask > 131071 && row_count < row_mask / 16) rows_resize((row_mask + 1) / 8); /* if it fails, it stays */
    }
    return taken;
}
