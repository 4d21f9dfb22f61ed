/* What goes over a whole graph: backward, topological order and capture. Nothing here recurses or hashes. */

static inline double slope_at(Node *node, int i) {
    if (LIKELY(CODE(node) != ODD)) return node->slope[i];
    PyObject *slopes = PyTuple_GET_ITEM(attic_of(node)->odd, 2);
    return i < PyTuple_GET_SIZE(slopes) ? PyFloat_AsDouble(PyTuple_GET_ITEM(slopes, i)) : 0.0;
}

/* ---- a growing list of nodes ---- */

static int add_node(Nodes *nodes, Node *node) {
    if (UNLIKELY(nodes->count == nodes->room)) {
        size_t room = nodes->room ? 2 * nodes->room : 256;
        Node **at = PyMem_RawRealloc(nodes->at, room * sizeof *at);
        if (!at) return PyErr_NoMemory(), 0;
        nodes->at = at, nodes->room = room;
    }
    nodes->at[nodes->count++] = node;
    return 1;
}

/* ---- backward ---- */

/* An inner node waits for its turn in the slot that says how much older it is than the first of this window. All that
use it are younger, so its gradient is complete when its turn comes. What is too old for the window waits in `far`. */
#define WINDOW ((size_t)1 << 16)

typedef struct {
    Node *node;
    double grad;
} Before;

typedef struct {
    Before *at;
    size_t count, room;
} Undo;

typedef struct {
    Node **slots;
    uint64_t first; /* birth of slot 0 */
    size_t last;    /* the last slot in use */
    int guarded;    /* whether REACHED says where gradient arrives */
    int careful;    /* whether it may be interrupted or fail: then it remembers what it overwrites */
    Nodes far;      /* each with a FAR */
    Undo inner, leaves; /* every grad before it was touched: a Ctrl-C takes all back. Leaves are TOUCHED. */
} Queue;

static Node **spare_slots; /* all NULL */
static Undo spare_inner, spare_leaves;

static int make_room(Undo *undo) {
    size_t room = undo->room ? 2 * undo->room : 1024;
    Before *at = PyMem_RawRealloc(undo->at, room * sizeof *at);
    if (!at) return PyErr_NoMemory(), 0;
    undo->at = at, undo->room = room;
    return 1;
}

static inline int remember(Queue *queue, Undo *undo, Node *node) {
    if (LIKELY(!queue->careful)) return 1;
    if (UNLIKELY(undo->count == undo->room) && !make_room(undo)) return 0;
    undo->at[undo->count++] = (Before){node, node->grad};
    return 1;
}

/* Keep a list for the next pass, unless that has left one or this one is large. */
static void put_away(Undo *undo, Undo *spare) {
    undo->count = 0;
    if (spare->at || undo->room > (size_t)1 << 18) PyMem_RawFree(undo->at);
    else *spare = *undo;
}

static inline int enqueue(Queue *queue, Node *node) { /* at its first contribution */
    uint64_t slot = queue->first - BORN(node);
    if (LIKELY(slot < WINDOW)) {
        if (queue->slots[slot]) return 1;
        if (!remember(queue, &queue->inner, node)) return 0;
        queue->slots[slot] = node;
        if (slot > queue->last) queue->last = slot;
    } else {
        if (node->bits & FAR) return 1;
        if (!remember(queue, &queue->inner, node) || !add_node(&queue->far, node)) return 0;
        node->bits |= FAR;
    }
    node->grad = 0.0;
    return 1;
}

/* Take the memory that the list of those far away can need, so that nothing fails half way. */
static int reserve(Nodes *far) {
    size_t most = chunks_in_use() * (CHUNK / sizeof(Node));
    if (most <= WINDOW) return 1;
    if (!(far->at = PyMem_RawMalloc(most * sizeof *far->at))) return PyErr_NoMemory(), 0;
    far->room = most;
    return 1;
}

static inline int touch(Queue *queue, Node *leaf) {
    if (LIKELY(!queue->careful) || leaf->bits & TOUCHED) return 1;
    if (!remember(queue, &queue->leaves, leaf)) return 0;
    leaf->bits |= TOUCHED;
    return 1;
}

static void next_window(Queue *queue) {
    size_t kept = 0;
    queue->first = queue->last = 0;
    for (size_t i = 0; i < queue->far.count; i++)
        if (BORN(queue->far.at[i]) > queue->first) queue->first = BORN(queue->far.at[i]);
    for (size_t i = 0; i < queue->far.count; i++) {
        Node *node = queue->far.at[i];
        uint64_t slot = queue->first - BORN(node);
        if (slot < WINDOW) {
            queue->slots[slot] = node;
            if (slot > queue->last) queue->last = slot;
            CLEAR(node, FAR);
        } else
            queue->far.at[kept++] = node;
    }
    queue->far.count = kept;
}

static int is_gate(Node *node) {
    if (LIKELY(CODE(node) != ODD)) return gates[CODE(node)];
    PyObject *op = PyTuple_GET_ITEM(attic_of(node)->odd, 0), *answer = NULL;
    if (op == Py_None) return 0;
    int is = (answer = PyObject_GetAttr(op, str_gate)) ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return is;
}

/* How many of a node's inputs have a local derivative. */
static inline Py_ssize_t edges_of(Node *node, Node *const **inputs) {
    Py_ssize_t count = inputs_of(node, inputs);
    if (LIKELY(CODE(node) != ODD)) return count;
    Py_ssize_t slopes = PyTuple_GET_SIZE(PyTuple_GET_ITEM(attic_of(node)->odd, 2));
    return slopes < count ? slopes : count;
}

/* Pass a node's gradient back to its inputs. */
static inline int spread(Queue *queue, Node *node) {
    double grad = node->grad;
    Node *const *inputs;
    Py_ssize_t count = edges_of(node, &inputs);
    int gate = is_gate(node), silent = queue->guarded && !(node->bits & REACHED);
    if (UNLIKELY(gate < 0)) return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        Node *input = inputs[i];
        double slope = slope_at(node, i);
        if (!(CODE(input) != LEAF ? enqueue(queue, input) : touch(queue, input))) return 0;
        if ((slope != 0.0 || !gate) && !silent) input->grad += slope * grad; /* the chain rule */
    }
    return !(UNLIKELY(CODE(node) == ODD) && PyErr_Occurred());
}

static void take_back(Undo *undo) {
    for (size_t i = undo->count; i--;) undo->at[i].node->grad = undo->at[i].grad;
}

static unsigned long long passes; /* backward passes so far: an optimizer warns of a step without one */

static PyObject *passes_so_far(PyObject *module, PyObject *none) { return PyLong_FromUnsignedLongLong(passes); }

/* With fewer nodes than these a pass takes some ten milliseconds: Ctrl-C waits until it is done. */
#define FEW_CHUNKS 16

/* All grads are written, or after an error or Ctrl-C none. */
static PyObject *run_backward(Node *root, int guarded) {
    passes++;
    if (CODE(root) == LEAF) {
        root->grad += 1.0;
        Py_RETURN_NONE;
    }
    int careful = chunks_in_use() > FEW_CHUNKS || odd_nodes;
    Queue queue = {spare_slots, BORN(root), 0, guarded, careful, {NULL, 0, 0}, spare_inner, spare_leaves};
    if (!queue.slots && !(queue.slots = PyMem_RawCalloc(WINDOW, sizeof(Node *)))) return PyErr_NoMemory();
    spare_slots = NULL, spare_inner = spare_leaves = (Undo){NULL, 0, 0};
    size_t slot = 0, count = 0;
    int fine = careful || reserve(&queue.far);
    fine = fine && enqueue(&queue, root);
    if (fine) root->grad = 1.0;
    running++;
    for (;; slot = 0) {
        for (; fine && slot <= queue.last; slot++) {
            Node *node = queue.slots[slot];
            if (!node) continue;
            queue.slots[slot] = NULL;
            fine = spread(&queue, node) && (++count % WINDOW || !careful || !PyErr_CheckSignals());
        }
        if (!fine || !queue.far.count) break;
        next_window(&queue);
    }
    running--;
    if (!fine) {
        take_back(&queue.leaves), take_back(&queue.inner);
        memset(queue.slots, 0, WINDOW * sizeof(Node *));
        for (size_t i = 0; i < queue.far.count; i++) CLEAR(queue.far.at[i], FAR);
    }
    for (size_t i = 0; i < queue.leaves.count; i++) CLEAR(queue.leaves.at[i].node, TOUCHED);
    PyMem_RawFree(queue.far.at);
    put_away(&queue.inner, &spare_inner), put_away(&queue.leaves, &spare_leaves);
    if (spare_slots) PyMem_RawFree(queue.slots);
    else spare_slots = queue.slots;
    if (!fine) return NULL;
    Py_RETURN_NONE;
}

/* ---- topological order ---- */

/* Collect the roots and all that they were made from, each once; all carry a MARK while `nodes` grows. */
static int collect(Nodes *nodes, PyObject *const *roots, Py_ssize_t count) {
    int fine = 1;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        Node *root = (Node *)roots[i];
        if (root->bits & MARK) continue;
        if ((fine = add_node(nodes, root))) root->bits |= MARK;
    }
    for (size_t i = 0; fine && i < nodes->count; i++) {
        Node *const *inputs;
        Py_ssize_t n = inputs_of(nodes->at[i], &inputs);
        for (Py_ssize_t k = 0; fine && k < n; k++)
            if (!(inputs[k]->bits & MARK) && (fine = add_node(nodes, inputs[k]))) inputs[k]->bits |= MARK;
    }
    for (size_t i = 0; i < nodes->count; i++) CLEAR(nodes->at[i], MARK);
    return fine;
}

/* Sort by birth, 12 bits of it at a time. */
static int sort(Nodes *nodes) {
    uint64_t first = UINT64_MAX, last = 0;
    for (size_t i = 0; i < nodes->count; i++) {
        uint64_t born = BORN(nodes->at[i]);
        if (born < first) first = born;
        if (born > last) last = born;
    }
    if (nodes->count < 2) return 1;
    Node **other = PyMem_RawMalloc(nodes->room * sizeof *other);
    if (!other) return PyErr_NoMemory(), 0;
    for (int shift = 0; (last - first) >> shift; shift += 12) {
        size_t starts[4097] = {0};
        for (size_t i = 0; i < nodes->count; i++) starts[(((BORN(nodes->at[i]) - first) >> shift) & 4095) + 1]++;
        for (int i = 0; i < 4095; i++) starts[i + 1] += starts[i];
        for (size_t i = 0; i < nodes->count; i++)
            other[starts[((BORN(nodes->at[i]) - first) >> shift) & 4095]++] = nodes->at[i];
        Node **sorted = other;
        other = nodes->at, nodes->at = sorted;
    }
    PyMem_RawFree(other);
    return 1;
}

static int all_values(PyObject *const *roots, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++)
        if (!any_value(roots[i])) return 0;
    return 1;
}

static PyObject *list_of(Nodes *nodes) {
    PyObject *list = PyList_New(nodes->count);
    for (size_t i = 0; list && i < nodes->count; i++) PyList_SET_ITEM(list, i, Py_NewRef((PyObject *)nodes->at[i]));
    return list;
}

static PyObject *topological_order(PyObject *module, PyObject *const *roots, Py_ssize_t count) {
    if (!all_values(roots, count)) return PyObject_Vectorcall(pure_order, roots, count, NULL);
    Nodes nodes = {NULL, 0, 0};
    PyObject *list = collect(&nodes, roots, count) && sort(&nodes) ? list_of(&nodes) : NULL;
    PyMem_RawFree(nodes.at);
    return list;
}

/* What gates.py does: say where gradient arrives, by REACHED, and return whether some cannot pass. */
static int find_gates(Nodes *nodes) {
    int stuck = 0;
    nodes->at[nodes->count - 1]->bits |= REACHED | MOVED;
    for (size_t i = nodes->count; i--;) {
        Node *node = nodes->at[i], *const *inputs;
        int reached = !!(node->bits & REACHED), moved = !!(node->bits & MOVED), gate, finite = 1;
        if (CODE(node) == LEAF || !(reached || moved)) continue;
        if ((gate = is_gate(node)) < 0) return -1;
        Py_ssize_t count = edges_of(node, &inputs);
        for (Py_ssize_t k = 0; k < count; k++) {
            double slope = slope_at(node, k);
            finite &= isfinite(slope);
            if (reached && (slope != 0.0 || !gate)) inputs[k]->bits |= REACHED;
            if (moved && slope != 0.0) inputs[k]->bits |= MOVED;
        }
        if (node->bits & NOT_FINITE && reached && (!finite || (moved && !isfinite(node->data)))) stuck = 1;
    }
    return PyErr_Occurred() ? -1 : stuck;
}

static PyObject *value_backward(PyObject *self, PyObject *_) {
    if (rewired) return PyObject_CallOneArg(pure_backward, self);
    if (!not_finite) return run_backward((Node *)self, 0);
    PyObject *quiet = NULL, *result = NULL;
    Nodes nodes = {NULL, 0, 0};
    int stuck = 0, fine = PyContextVar_Get(in_ieee, NULL, &quiet) == 0 && collect(&nodes, &self, 1), guarded = 0;
    for (size_t i = 0; fine && i < nodes.count; i++) guarded |= !!(nodes.at[i]->bits & NOT_FINITE);
    if (guarded) fine = sort(&nodes) && (stuck = find_gates(&nodes)) >= 0;
    if (fine && stuck && !PyObject_IsTrue(quiet)) result = PyObject_CallOneArg(pure_backward, self); /* which raises */
    else if (fine) result = run_backward((Node *)self, guarded);
    for (size_t i = 0; i < nodes.count; i++) CLEAR(nodes.at[i], REACHED | MOVED);
    PyMem_RawFree(nodes.at);
    Py_XDECREF(quiet);
    return result;
}

/* ---- capture ---- */

enum { KIND_INNER, KIND_LEAF, KIND_CONSTANT, KIND_PARAMETER };

static int leaf_kind(Node *node) {
    if (is_constant(node)) return KIND_CONSTANT;
    if (Py_TYPE(node) == ValueType && !node->leaf.own) return KIND_LEAF;
    PyObject *parameter = PyObject_GetAttrString((PyObject *)node, "parameter");
    int is = parameter && PyObject_IsTrue(parameter);
    Py_XDECREF(parameter);
    PyErr_Clear();
    return is ? KIND_PARAMETER : KIND_LEAF;
}

/* The position of a node among the sorted: from a table by birth where births are dense, else by halving. */
static uint32_t position(Nodes *nodes, const uint32_t *table, Node *node) {
    uint64_t born = BORN(node);
    if (table) return table[born - BORN(nodes->at[0])];
    size_t low = 0, high = nodes->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (BORN(nodes->at[middle]) < born) low = middle + 1;
        else high = middle;
    }
    return (uint32_t)low;
}

/* The position of an Op object in a list, where it is entered when it is first met. */
static Py_ssize_t entered(PyObject *list, PyObject *op) {
    Py_ssize_t i = PyList_GET_SIZE(list);
    while (i--)
        if (PyList_GET_ITEM(list, i) == op) return i;
    return PyList_Append(list, op) < 0 ? -2 : PyList_GET_SIZE(list) - 1;
}

/* capture(*roots): (nodes, ops, op, kind, data, grad, start, input, local_grad); None where births say nothing. */
static PyObject *capture(PyObject *module, PyObject *const *roots, Py_ssize_t count) {
    if (rewired || !all_values(roots, count)) Py_RETURN_NONE;
    Nodes nodes = {NULL, 0, 0};
    PyObject *list = NULL, *ops_met = NULL, *column[7] = {NULL}, *result = NULL;
    uint32_t *table = NULL;
    running++; /* what Python does for `constant` and `parameter` may not change a node */
    if (!collect(&nodes, roots, count) || !sort(&nodes) || !(list = list_of(&nodes)) || !(ops_met = PyList_New(0))) goto done;
    size_t n = nodes.count, edges = 0;
    for (size_t i = 0; i < n; i++) {
        Node *const *inputs;
        edges += inputs_of(nodes.at[i], &inputs);
    }
    size_t sizes[7] = {4 * n, n, 8 * n, 8 * n, 4 * (n + 1), 4 * edges, 8 * edges};
    for (int i = 0; i < 7; i++)
        if (!(column[i] = PyBytes_FromStringAndSize(NULL, sizes[i]))) goto done;
    int32_t *op = (int32_t *)PyBytes_AS_STRING(column[0]), *start = (int32_t *)PyBytes_AS_STRING(column[4]);
    int32_t *input = (int32_t *)PyBytes_AS_STRING(column[5]), codes_met[256];
    char *kind = PyBytes_AS_STRING(column[1]);
    double *data = (double *)PyBytes_AS_STRING(column[2]), *grad = (double *)PyBytes_AS_STRING(column[3]);
    double *slope = (double *)PyBytes_AS_STRING(column[6]);
    memset(codes_met, -1, sizeof codes_met);
    uint64_t span = n ? BORN(nodes.at[n - 1]) - BORN(nodes.at[0]) + 1 : 0;
    if (span < 8 * n + 65536 && !(table = PyMem_RawMalloc(4 * (span + 1)))) goto done;
    start[0] = 0;
    for (size_t i = 0; i < n; i++) {
        Node *node = nodes.at[i], *const *inputs;
        Py_ssize_t k = 0, inner = inputs_of(node, &inputs);
        int code = CODE(node);
        if (table) table[BORN(node) - BORN(nodes.at[0])] = (uint32_t)i;
        data[i] = node->data, grad[i] = node->grad;
        kind[i] = code == LEAF ? leaf_kind(node) : KIND_INNER;
        if (code == ODD) op[i] = (int32_t)entered(ops_met, PyTuple_GET_ITEM(attic_of(node)->odd, 0));
        else if (code == LEAF) op[i] = -1;
        else op[i] = codes_met[code] < 0 ? codes_met[code] = (int32_t)entered(ops_met, ops[code]) : codes_met[code];
        for (; k < inner; k++) *input++ = position(&nodes, table, inputs[k]), *slope++ = slope_at(node, k);
        start[i + 1] = (int32_t)(input - (int32_t *)PyBytes_AS_STRING(column[5]));
    }
    if (!PyErr_Occurred())
        result = Py_BuildValue("OOOOOOOOO", list, ops_met, column[0], column[1], column[2], column[3], column[4], column[5],
                               column[6]);
done:
    running--;
    if (!result && !PyErr_Occurred()) PyErr_NoMemory();
    for (int i = 0; i < 7; i++) Py_XDECREF(column[i]);
    Py_XDECREF(list), Py_XDECREF(ops_met);
    PyMem_RawFree(table), PyMem_RawFree(nodes.at);
    return result;
}
