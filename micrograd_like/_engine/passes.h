/* What goes over a whole graph: backward, topological order and capture. Nothing here recurses or hashes. */

static inline double slope_at(Node *node, int i) {
    if (LIKELY(CODE(node) != ODD)) return node->slope[i];
    PyObject *slopes = PyTuple_GET_ITEM(attic_of(node)->odd, 2);
    return i < PyTuple_GET_SIZE(slopes) ? PyFloat_AsDouble(PyTuple_GET_ITEM(slopes, i)) : 0.0;
}

/* ---- a growing list of nodes ---- */

typedef struct {
    Node **at;
    size_t count, room;
} Nodes;

static int add_node(Nodes *nodes, Node *node) {
    if (UNLIKELY(nodes->count == nodes->room)) {
        size_t room = nodes->room ? 2 * nodes->room : 256;
        Node **at = realloc(nodes->at, room * sizeof *at);
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
    Node **slots;
    uint64_t first; /* birth of slot 0 */
    size_t last;    /* the last slot in use */
    Nodes far;      /* each with a MARK */
} Queue;

static Node **spare_slots; /* all NULL */

static inline int enqueue(Queue *queue, Node *node) { /* at its first contribution */
    uint64_t slot = queue->first - BORN(node);
    if (LIKELY(slot < WINDOW)) {
        if (queue->slots[slot]) return 1;
        queue->slots[slot] = node;
        if (slot > queue->last) queue->last = slot;
    } else {
        if (node->bits & MARK) return 1;
        if (!add_node(&queue->far, node)) return 0;
        node->bits |= MARK;
    }
    node->grad = 0.0;
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
            node->bits &= ~(uint64_t)MARK;
        } else
            queue->far.at[kept++] = node;
    }
    queue->far.count = kept;
}

/* Send a node's gradient on to its inputs. */
static inline int spread(Queue *queue, Node *node) {
    int code = CODE(node), gate = 0;
    double grad = node->grad;
    Node *const *inputs;
    Py_ssize_t count = inputs_of(node, &inputs);
    if (UNLIKELY(code == ODD)) {
        PyObject *op = PyTuple_GET_ITEM(attic_of(node)->odd, 0), *answer = NULL;
        PyObject *slopes = PyTuple_GET_ITEM(attic_of(node)->odd, 2);
        if (PyTuple_GET_SIZE(slopes) < count) count = PyTuple_GET_SIZE(slopes);
        if (op != Py_None && !(answer = PyObject_GetAttr(op, str_gate))) return 0;
        gate = answer && PyObject_IsTrue(answer);
        Py_XDECREF(answer);
    } else
        gate = gates[code];
    for (Py_ssize_t i = 0; i < count; i++) {
        Node *input = inputs[i];
        double slope = slope_at(node, i);
        if (CODE(input) != LEAF && !enqueue(queue, input)) return 0;
        if (slope != 0.0 || !gate) input->grad += slope * grad; /* the chain rule */
    }
    return !(UNLIKELY(code == ODD) && PyErr_Occurred());
}

static unsigned long long passes; /* backward passes so far: an optimizer warns of a step without one */

static PyObject *passes_so_far(PyObject *module, PyObject *none) { return PyLong_FromUnsignedLongLong(passes); }

static PyObject *run_backward(Node *root) {
    passes++;
    if (CODE(root) == LEAF) {
        root->grad += 1.0;
        Py_RETURN_NONE;
    }
    Queue queue = {spare_slots ? spare_slots : calloc(WINDOW, sizeof(Node *)), BORN(root), 0, {NULL, 0, 0}};
    if (!queue.slots) return PyErr_NoMemory();
    spare_slots = NULL;
    queue.slots[0] = root;
    root->grad = 1.0;
    size_t slot = 0, count = 0;
    int fine = 1;
    running++;
    for (;; slot = 0) {
        for (; fine && slot <= queue.last; slot++) {
            Node *node = queue.slots[slot];
            if (!node) continue;
            queue.slots[slot] = NULL;
            fine = spread(&queue, node) && (++count % WINDOW || !PyErr_CheckSignals());
        }
        if (!fine || !queue.far.count) break;
        next_window(&queue);
    }
    running--;
    if (!fine) {
        memset(queue.slots, 0, WINDOW * sizeof(Node *));
        for (size_t i = 0; i < queue.far.count; i++) queue.far.at[i]->bits &= ~(uint64_t)MARK;
    }
    free(queue.far.at);
    if (spare_slots) free(queue.slots);
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
    for (size_t i = 0; i < nodes->count; i++) nodes->at[i]->bits &= ~(uint64_t)MARK;
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
    Node **other = malloc(nodes->room * sizeof *other);
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
    free(other);
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
    free(nodes.at);
    return list;
}

static PyObject *value_backward(PyObject *self, PyObject *_) {
    int in_python = rewired;
    if (!in_python && not_finite) {
        PyObject *quiet = NULL;
        Nodes nodes = {NULL, 0, 0};
        if (PyContextVar_Get(in_ieee, NULL, &quiet) < 0) return NULL;
        if (!PyObject_IsTrue(quiet)) {
            if (!collect(&nodes, &self, 1)) in_python = -1;
            for (size_t i = 0; i < nodes.count; i++)
                if (nodes.at[i]->bits & NOT_FINITE) in_python = 1;
        }
        free(nodes.at);
        Py_DECREF(quiet);
        if (in_python < 0) return NULL;
    }
    return in_python ? PyObject_CallOneArg(pure_backward, self) : run_backward((Node *)self);
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
    if (span < 8 * n + 65536 && !(table = malloc(4 * (span + 1)))) goto done;
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
    if (!result && !PyErr_Occurred()) PyErr_NoMemory();
    for (int i = 0; i < 7; i++) Py_XDECREF(column[i]);
    Py_XDECREF(list), Py_XDECREF(ops_met);
    free(table), free(nodes.at);
    return result;
}
