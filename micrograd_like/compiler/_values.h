/* What the loops do with the learner's own Values, and with the lists and dicts that hold them. */

/* read(values, memory): put the data of each Value of the engine in C at the front; False if there is another. */
static PyObject *loops_read(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer memory;
    if (count != 3 || !PyList_CheckExact(args[0])) return PyErr_SetString(PyExc_TypeError, "read takes a list, the memory, Value."), NULL;
    if (!buffer_of(args[1], &memory, 1)) return NULL;
    double *data = memory.buf;
    Py_ssize_t size = PyList_GET_SIZE(args[0]), i = 0;
    for (; i < size; i++) {
        PyObject *value = PyList_GET_ITEM(args[0], i);
        if (!PyObject_TypeCheck(value, (PyTypeObject *)args[2])) break;
        data[i] = ((Node *)value)->data;
    }
    PyBuffer_Release(&memory);
    return PyBool_FromLong(i == size);
}

/* write(leaves, memory, Value, now): give each leaf its data and gradient; what changed, changed now. */
static PyObject *loops_write(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer memory;
    if (count != 4 || !PyList_CheckExact(args[0])) return PyErr_SetString(PyExc_TypeError, "write takes a list, the memory, Value, now."), NULL;
    uint64_t now = PyLong_AsUnsignedLongLong(args[3]);
    if (!buffer_of(args[1], &memory, 0)) return NULL;
    const double *data = memory.buf;
    Py_ssize_t size = PyList_GET_SIZE(args[0]), i = 0;
    for (; i < size; i++) {
        PyObject *value = PyList_GET_ITEM(args[0], i);
        Node *node = (Node *)value;
        if (!PyObject_TypeCheck(value, (PyTypeObject *)args[2]) || CODE(node) != LEAF) break;
        if (node->data != data[i]) node->data = data[i], node->leaf.changed = now;
        node->grad = data[size + i];
    }
    PyBuffer_Release(&memory);
    return PyBool_FromLong(i == size);
}

/* zero(leaves, before, Value): put each gradient into `before`, from the front on, and 0 in its place. */
static PyObject *loops_zero(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer before;
    if (count != 3 || !PyList_CheckExact(args[0])) return PyErr_SetString(PyExc_TypeError, "zero takes a list, a buffer, Value."), NULL;
    if (!buffer_of(args[1], &before, 1)) return NULL;
    double *grads = before.buf;
    Py_ssize_t size = PyList_GET_SIZE(args[0]), i = 0;
    int all = before.len >= size * (Py_ssize_t)sizeof(double);
    for (; all && i < size; i++) all = PyObject_TypeCheck(PyList_GET_ITEM(args[0], i), (PyTypeObject *)args[2]);
    for (i = 0; all && i < size; i++) {
        Node *node = (Node *)PyList_GET_ITEM(args[0], i);
        grads[i] = node->grad, node->grad = 0.0;
    }
    PyBuffer_Release(&before);
    return PyBool_FromLong(all);
}

/* Whether values of this class keep their attributes in `own`, and the class has none of that name, or False. */
static int bare_class(PyTypeObject *type, PyTypeObject *value, PyObject *name) {
    if (!PyType_IsSubtype(type, value) || type->tp_dictoffset || PyObject_HasAttrString((PyObject *)type, "__getattr__")) return 0;
    PyObject *mine = PyObject_GetAttrString((PyObject *)type, "__getattribute__");
    PyObject *its = PyObject_GetAttrString((PyObject *)value, "__getattribute__");
    PyObject *found = PyObject_GetAttr((PyObject *)type, name);
    PyErr_Clear();
    Py_XDECREF(mine), Py_XDECREF(its), Py_XDECREF(found);
    return mine == its && (!found || found == Py_False);
}

/* bare(values, Value, name): True if certainly none has an attribute of that name but False. */
static PyObject *loops_bare(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (count != 3 || !PyList_CheckExact(args[0])) return PyErr_SetString(PyExc_TypeError, "bare takes a list, Value, a name."), NULL;
    PyTypeObject *known = NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(args[0]); i++) {
        Node *node = (Node *)PyList_GET_ITEM(args[0], i);
        if (Py_TYPE(node) != known && !bare_class(Py_TYPE(node), (PyTypeObject *)args[1], args[2])) Py_RETURN_FALSE;
        known = Py_TYPE(node);
        if (CODE(node) != LEAF) Py_RETURN_FALSE;
        PyObject *there = node->leaf.own ? PyDict_GetItemWithError(node->leaf.own, args[2]) : NULL;
        if (there && there != Py_False) Py_RETURN_FALSE;
        if (!there && PyErr_Occurred()) return NULL;
    }
    Py_RETURN_TRUE;
}

/* Whether two dicts hold the very same objects in the same order. */
static int same_dict(PyObject *a, PyObject *b) {
    PyObject *key_a, *key_b, *value_a, *value_b;
    Py_ssize_t at_a = 0, at_b = 0;
    if (PyDict_Size(a) != PyDict_Size(b)) return 0;
    while (PyDict_Next(a, &at_a, &key_a, &value_a))
        if (!PyDict_Next(b, &at_b, &key_b, &value_b) || key_a != key_b || value_a != value_b) return 0;
    return 1;
}

static int same_list(PyObject *a, PyObject *b) {
    Py_ssize_t size = PyList_GET_SIZE(a), k = 0;
    if (size != PyList_GET_SIZE(b)) return 0;
    while (k < size && PyList_GET_ITEM(a, k) == PyList_GET_ITEM(b, k)) k++;
    return k == size;
}

/* alike(now, before): True if they hold lists and dicts of the very same objects; False: compare them as Python does. */
static PyObject *loops_alike(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (count != 2 || !PyList_CheckExact(args[0]) || !PyList_CheckExact(args[1])) return PyErr_SetString(PyExc_TypeError, "alike takes two lists."), NULL;
    int same = PyList_GET_SIZE(args[0]) == PyList_GET_SIZE(args[1]);
    for (Py_ssize_t i = 0; same && i < PyList_GET_SIZE(args[0]); i++) {
        PyObject *a = PyList_GET_ITEM(args[0], i), *b = PyList_GET_ITEM(args[1], i);
        if (PyList_CheckExact(a) && PyList_CheckExact(b))
            same = same_list(a, b);
        else
            same = PyDict_CheckExact(a) && PyDict_CheckExact(b) && same_dict(a, b);
    }
    return PyBool_FromLong(same);
}

/* finite(memory[, bits]): whether no number in it is inf or nan, nor as large as 2 ** bits. */
static PyObject *loops_finite(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer view;
    if (count != 1 && count != 2) return PyErr_SetString(PyExc_TypeError, "finite takes the memory, and perhaps bits."), NULL;
    const uint64_t limit = (uint64_t)(count == 2 ? 1023 + PyLong_AsLong(args[1]) : 0x7FF) << 52;
    if (!buffer_of(args[0], &view, 0)) return NULL;
    const uint64_t *bits = view.buf;
    Py_ssize_t size = view.len / (Py_ssize_t)sizeof(double);
    int odd = 0;
    for (Py_ssize_t i = 0; i < size; i++) odd |= (bits[i] & ~((uint64_t)1 << 63)) >= limit;
    PyBuffer_Release(&view);
    return PyBool_FromLong(!odd);
}
