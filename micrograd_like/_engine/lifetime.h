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
    int label = count + named == 2 && count && (!named || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "label") == 0);
    if ((label || (count == 1 && !named)) && kind(arguments[0], &number) == PLAIN) {
        Node *node = leaf_new((PyTypeObject *)type, number);
        if (node && label && arguments[1] != empty_text) node->leaf.label = Py_NewRef(arguments[1]);
        return (PyObject *)node;
    }
    PyObject *node = value_new((PyTypeObject *)type, NULL, NULL), **all = PyMem_New(PyObject *, count + named + 1);
    PyObject *done = NULL;
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

/* new(kind): a node of this type, to be filled in. */
static PyObject *new(PyObject *module, PyObject *type) {
    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, ValueType))
        return PyErr_Format(PyExc_TypeError, "%R is not a kind of Value.", type), NULL;
    return value_new((PyTypeObject *)type, NULL, NULL);
}

static PyObject *tick_(PyObject *module, PyObject *_) { return PyLong_FromUnsignedLongLong(tick()); }

static Node *dying;

static void release(Node *node) {
    PyTypeObject *type = Py_TYPE(node);
    if (UNLIKELY(node->bits & NOT_FINITE)) not_finite--;
    if (CODE(node) == LEAF || node->bits & IN_ATTIC) {
        Attic attic = attic_taken(node);
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

/* Values themselves are not tracked by the garbage collector; subclasses written in Python are. */
static int value_traverse(PyObject *self, visitproc visit, void *arg) {
    Attic *attic = attic_of((Node *)self);
    if (PyType_IS_GC(Py_TYPE(self))) Py_VISIT(Py_TYPE(self));
    if (attic) {
        Py_VISIT(attic->label);
        Py_VISIT(attic->own);
        Py_VISIT(attic->odd);
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
