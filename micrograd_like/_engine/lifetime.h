/* The beginning of a node that Python asks for, and the end of any. */

static PyObject *value_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    if (type->tp_basicsize == sizeof(Node) && !PyType_IS_GC(type)) return (PyObject *)leaf_new(type, 0.0);
    Node *node = (Node *)type->tp_alloc(type, 0); /* all zero */
    if (node) node->bits = tick() << 16;
    return (PyObject *)node;
}

static int value_init(PyObject *self, PyObject *arguments, PyObject *keywords) {
    Node *node = (Node *)self;
    if (!keywords && PyTuple_GET_SIZE(arguments) == 1 && PyFloat_CheckExact(PyTuple_GET_ITEM(arguments, 0)) &&
        CODE(node) == LEAF && !node->leaf.label && !node->leaf.changed) {
        node->data = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(arguments, 0));
        node->grad = 0.0;
        node->bits = tick() << 16;
        return 0;
    }
    PyObject *done = NULL, *all = PyTuple_New(PyTuple_GET_SIZE(arguments) + 1);
    for (Py_ssize_t i = 0; all && i <= PyTuple_GET_SIZE(arguments); i++)
        PyTuple_SET_ITEM(all, i, Py_NewRef(i ? PyTuple_GET_ITEM(arguments, i - 1) : self));
    if (all) done = PyObject_Call(pure_init, all, keywords);
    Py_XDECREF(all), Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Value(2.0) and Value(2.0, label), without a tuple or a dict. */
static PyObject *value_vectorcall(PyObject *type, PyObject *const *arguments, size_t flags, PyObject *keywords) {
    Py_ssize_t count = PyVectorcall_NARGS(flags), named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
    double number;
    int label = count + named == 2 && count && PyUnicode_Check(arguments[1]) && (!named || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "label") == 0);
    if ((label || (count == 1 && !named)) && kind(arguments[0], &number) == PLAIN) {
        Node *node = leaf_new((PyTypeObject *)type, number);
        if (node && label && arguments[1] != empty_text) node->leaf.label = Py_NewRef(arguments[1]);
        return (PyObject *)node;
    }
    PyObject *node = value_new((PyTypeObject *)type, NULL, NULL), **all = PyMem_New(PyObject *, count + named + 1);
    PyObject *done = NULL;
    if (node && !all) PyErr_NoMemory();
    if (node && all) {
        all[0] = node;
        memcpy(all + 1, arguments, (count + named) * sizeof *arguments);
        done = PyObject_Vectorcall(pure_init, all, count + 1, keywords);
    }
    PyMem_Free(all);
    if (!done) Py_CLEAR(node);
    Py_XDECREF(done);
    return node;
}

static PyObject *tick_(PyObject *module, PyObject *_) { return PyLong_FromUnsignedLongLong(tick()); }

static PyObject *clock_(PyObject *module, PyObject *_) { return PyLong_FromUnsignedLongLong(clock_now); }

static Node *dying;

static void release(Node *node) {
    PyTypeObject *type = Py_TYPE(node);
    if (UNLIKELY(node->bits & NOT_FINITE)) not_finite--;
    if (CODE(node) == LEAF || node->bits & IN_ATTIC) {
        Attic attic = attic_taken(node);
        if (attic.odd) odd_nodes--;
        Py_XDECREF(attic.label), Py_XDECREF(attic.own), Py_XDECREF(attic.odd);
    }
    if (CODE(node) != LEAF && CODE(node) != ODD) {
        for (int i = 2; i--;) { /* the younger input first: memory is given back in the order opposite to births */
            PyObject *input = (PyObject *)node->input[i ^ 1];
            Py_XDECREF(input);
        }
    }
    if (type->tp_basicsize == sizeof(Node) && !PyType_IS_GC(type)) pool_give(node);
    else type->tp_free((PyObject *)node);
    Py_DECREF(type);
}

/* A node's end may be that of millions behind it: they wait in a list, whatever the depth. */
static void value_dealloc(PyObject *self) {
    Node *node = (Node *)self;
    static int draining;
    if (UNLIKELY(node->weak != NULL)) PyObject_ClearWeakRefs(self);
    node->weak = (PyObject *)dying;
    dying = node;
    if (draining) return;
    draining = 1;
    while ((node = dying)) {
        dying = (Node *)node->weak;
        release(node);
    }
    draining = 0;
}

static int add_quietly(Nodes *nodes, PyObject *x) { /* a plain node, once */
    Node *node = (Node *)x;
    if (node->bits & MARK) return 1;
    if (nodes->count == nodes->room) {
        size_t room = nodes->room ? 2 * nodes->room : 64;
        Node **at = PyMem_RawRealloc(nodes->at, room * sizeof *at);
        if (!at) return 0;
        nodes->at = at, nodes->room = room;
    }
    node->bits |= MARK;
    nodes->at[nodes->count++] = node;
    return 1;
}

static int is_untracked(PyObject *x) { return x && any_value(x) && !PyType_IS_GC(Py_TYPE(x)); }

static int by_birth(const void *a, const void *b) {
    uint64_t x = BORN(*(Node *const *)a), y = BORN(*(Node *const *)b);
    return x < y ? -1 : x > y;
}

static size_t place_of(Nodes *nodes, PyObject *x) {
    return (Node **)bsearch(&x, nodes->at, nodes->count, sizeof *nodes->at, by_birth) - nodes->at;
}

/* Visit what only the attributes of a tracked node keep alive, as in parameter.loss = loss. A node of the graph behind
them is passed through if all references to it come from there: else somebody else holds it. */
static int traverse_graphs(PyObject *own, visitproc visit, void *arg) {
    Nodes nodes = {NULL, 0, 0};
    PyObject *key, *value;
    Py_ssize_t at = 0;
    int result = 0, fine = Py_REFCNT(own) == 1;
    while (fine && PyDict_Next(own, &at, &key, &value))
        if (is_untracked(value)) fine = add_quietly(&nodes, value);
    for (size_t i = 0; fine && i < nodes.count; i++) {
        Node *const *inputs;
        Py_ssize_t count = inputs_of(nodes.at[i], &inputs);
        for (Py_ssize_t k = 0; fine && k < count; k++)
            if (is_untracked((PyObject *)inputs[k])) fine = add_quietly(&nodes, (PyObject *)inputs[k]);
    }
    for (size_t i = 0; i < nodes.count; i++) CLEAR(nodes.at[i], MARK);
    Py_ssize_t *held = fine && nodes.count ? PyMem_RawCalloc(nodes.count, sizeof *held) : NULL;
    if (held) {
        qsort(nodes.at, nodes.count, sizeof *nodes.at, by_birth);
        for (at = 0; PyDict_Next(own, &at, &key, &value);)
            if (is_untracked(value)) held[place_of(&nodes, value)]++;
        for (size_t i = nodes.count; i-- && !result;) {
            Node *const *inputs;
            Py_ssize_t count = CODE(nodes.at[i]) == ODD ? 0 : inputs_of(nodes.at[i], &inputs);
            if (held[i] != Py_REFCNT(nodes.at[i])) continue;
            for (Py_ssize_t k = 0; k < count && !result; k++)
                if (is_untracked((PyObject *)inputs[k])) held[place_of(&nodes, (PyObject *)inputs[k])]++;
                else result = visit((PyObject *)inputs[k], arg);
        }
    }
    PyMem_RawFree(held), PyMem_RawFree(nodes.at);
    return result;
}

/* Values themselves are not tracked by the garbage collector; subclasses written in Python are. */
static int value_traverse(PyObject *self, visitproc visit, void *arg) {
    Attic *attic = attic_of((Node *)self);
    if (PyType_IS_GC(Py_TYPE(self))) Py_VISIT(Py_TYPE(self));
    if (attic) {
        Py_VISIT(attic->label);
        Py_VISIT(attic->own);
        Py_VISIT(attic->odd);
        if (attic->own && !running) {
            int result = traverse_graphs(attic->own, visit, arg);
            if (result) return result;
        }
    }
    if (CODE((Node *)self) != LEAF && CODE((Node *)self) != ODD) {
        Py_VISIT((PyObject *)((Node *)self)->input[0]);
        Py_VISIT((PyObject *)((Node *)self)->input[1]);
    }
    return 0;
}

static int value_clear(PyObject *self) {
    Attic *attic = attic_of((Node *)self);
    if (attic) Py_CLEAR(attic->own);
    return 0;
}
