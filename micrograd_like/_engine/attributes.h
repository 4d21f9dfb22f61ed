/* What Python reads and writes of a node. */

#define BUSY "A node cannot be changed while backward() runs. Do it afterwards."

static void drop_shape(Node *node) { /* to a blank leaf, with its attic */
    Node *old[2] = {NULL, NULL};
    Attic attic = attic_taken(node);
    if (CODE(node) != LEAF && CODE(node) != ODD) old[0] = node->input[0], old[1] = node->input[1];
    PyObject *odd = attic.odd;
    if (odd) odd_nodes--;
    attic.odd = NULL;
    if (node->bits & NOT_FINITE) not_finite--;
    node->bits &= ~(uint64_t)0xFFFF;
    node->leaf = attic;
    Py_XDECREF(odd), Py_XDECREF((PyObject *)old[0]), Py_XDECREF((PyObject *)old[1]);
}

static int finite_slopes(PyObject *slopes) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(slopes); i++) {
        double slope = PyFloat_AsDouble(PyTuple_GET_ITEM(slopes, i));
        if (slope == -1.0 && PyErr_Occurred()) return PyErr_Clear(), 1; /* backward will say so */
        if (!isfinite(slope)) return 0;
    }
    return 1;
}

static void watch_finite(Node *node) {
    int finite = 1, code = CODE(node);
    if (code == ODD) {
        PyObject *odd = attic_of(node)->odd;
        if (PyTuple_GET_ITEM(odd, 0) != Py_None) finite = isfinite(node->data) && finite_slopes(PyTuple_GET_ITEM(odd, 2));
    } else if (code != LEAF)
        finite = all_finite(node->data, node->slope[0], node->slope[1]);
    if (finite != !(node->bits & NOT_FINITE)) {
        not_finite += finite ? -1 : 1;
        node->bits ^= NOT_FINITE;
    }
}

static int fits(int code, PyObject *inputs, PyObject *slopes) {
    if (code == ODD || PyTuple_GET_SIZE(inputs) != arity[code] || PyTuple_GET_SIZE(slopes) != arity[code]) return 0;
    for (int i = 0; i < arity[code]; i++)
        if (!PyFloat_CheckExact(PyTuple_GET_ITEM(slopes, i))) return 0;
    return 1;
}

static PyObject *get_op(Node *node, void *_) {
    int code = CODE(node);
    PyObject *op = code == ODD ? PyTuple_GET_ITEM(attic_of(node)->odd, 0) : code == LEAF ? Py_None : ops[code];
    return Py_NewRef(op);
}

static PyObject *get_inputs(Node *node, void *_) {
    int code = CODE(node);
    if (code == ODD) return Py_NewRef(PyTuple_GET_ITEM(attic_of(node)->odd, 1));
    if (code == LEAF) return Py_NewRef(empty_tuple);
    return arity[code] == 1 ? PyTuple_Pack(1, node->input[0]) : PyTuple_Pack(2, node->input[0], node->input[1]);
}

static PyObject *get_slopes(Node *node, void *_) {
    int code = CODE(node);
    if (code == ODD) return Py_NewRef(PyTuple_GET_ITEM(attic_of(node)->odd, 2));
    PyObject *slopes = PyTuple_New(arity[code]);
    for (int i = 0; slopes && i < arity[code]; i++) {
        PyObject *slope = PyFloat_FromDouble(node->slope[i]);
        if (!slope) Py_CLEAR(slopes);
        else PyTuple_SET_ITEM(slopes, i, slope);
    }
    return slopes;
}

/* Give a node an op, inputs and local derivatives, of which one is new. Steals them. */
static int reshape(Node *node, PyObject *op, PyObject *inputs, PyObject *slopes) {
    int status = -1;
    PyObject *odd = NULL;
    if (!op || !inputs || !slopes) goto done;
    if (running) {
        PyErr_SetString(PyExc_RuntimeError, BUSY);
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); i++) {
        PyObject *input = PyTuple_GET_ITEM(inputs, i);
        if (!any_value(input)) {
            PyErr_Format(PyExc_TypeError, "The inputs of a node are Values, and one is %R.", input);
            goto done;
        }
        if (BORN((Node *)input) >= BORN(node)) rewired = 1;
    }
    int code = op == Py_None ? ODD : code_of(op);
    int leaf = op == Py_None && !PyTuple_GET_SIZE(inputs) && !PyTuple_GET_SIZE(slopes);
    if (!leaf && !fits(code, inputs, slopes)) {
        if (!(odd = PyTuple_Pack(3, op, inputs, slopes))) goto done;
        code = ODD;
    }
    drop_shape(node);
    status = 0;
    if (leaf) goto done;
    Attic attic = attic_taken(node);
    if (!odd) {
        for (int i = 0; i < 2; i++) {
            int is = i < arity[code];
            node->input[i] = is ? (Node *)Py_NewRef(PyTuple_GET_ITEM(inputs, i)) : NULL;
            node->slope[i] = is ? PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(slopes, i)) : 0.0;
        }
    } else
        node->input[0] = node->input[1] = NULL;
    node->bits |= (uint64_t)code << 8;
    if (odd) odd_nodes++;
    attic.odd = odd, odd = NULL;
    if (attic.odd || attic.label || attic.own || attic.changed) {
        Attic *place = attic_for(node);
        if (!place) Py_FatalError("no memory to change a node"); /* half a node must not live */
        *place = attic;
    }
    watch_finite(node);
done:
    Py_XDECREF(op), Py_XDECREF(inputs), Py_XDECREF(slopes), Py_XDECREF(odd);
    return status;
}

static int no_delete(PyObject *value) {
    if (!value) PyErr_SetString(PyExc_AttributeError, "This attribute cannot be deleted.");
    return !value;
}

static int set_op(Node *node, PyObject *op, void *_) {
    return no_delete(op) ? -1 : reshape(node, Py_NewRef(op), get_inputs(node, NULL), get_slopes(node, NULL));
}

static int set_inputs(Node *node, PyObject *inputs, void *_) {
    return no_delete(inputs) ? -1 : reshape(node, get_op(node, NULL), PySequence_Tuple(inputs), get_slopes(node, NULL));
}

static int set_slopes(Node *node, PyObject *slopes, void *_) {
    return no_delete(slopes) ? -1 : reshape(node, get_op(node, NULL), get_inputs(node, NULL), PySequence_Tuple(slopes));
}

static PyObject *get_data(Node *node, void *_) { return PyFloat_FromDouble(node->data); }
static PyObject *get_grad(Node *node, void *_) { return PyFloat_FromDouble(node->grad); }

static int set_number(double *place, PyObject *value) {
    if (no_delete(value)) return -1;
    double number = PyFloat_CheckExact(value) ? PyFloat_AS_DOUBLE(value) : PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) return -1;
    *place = number;
    return 0;
}

static int set_raw_data(Node *node, PyObject *value, void *_) {
    if (set_number(&node->data, value)) return -1;
    watch_finite(node);
    return 0;
}

static int set_grad(Node *node, PyObject *value, void *_) {
    if (value != Py_None) return set_number(&node->grad, value);
    PyErr_SetString(PyExc_TypeError, "A gradient is a number, and None is none. Write x.grad = 0.0.");
    return -1;
}

static int set_data(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    if (!PyFloat_CheckExact(value)) {
        PyObject *done = PyObject_CallFunctionObjArgs(pure_set_data, (PyObject *)node, value, NULL);
        Py_XDECREF(done);
        return done ? 0 : -1;
    }
    Attic *attic = attic_for(node);
    if (!attic) return -1;
    node->data = PyFloat_AS_DOUBLE(value);
    attic->changed = tick();
    if (CODE(node) != LEAF) watch_finite(node);
    return 0;
}

static PyObject *get_label(Node *node, void *_) {
    Attic *attic = attic_of(node);
    return Py_NewRef(attic && attic->label ? attic->label : empty_text);
}

static int set_label(Node *node, PyObject *label, void *_) {
    if (no_delete(label)) return -1;
    if (label == empty_text && !attic_of(node)) return 0;
    Attic *attic = attic_for(node);
    if (!attic) return -1;
    Py_INCREF(label);
    Py_XSETREF(attic->label, label);
    return 0;
}

static PyObject *get_born(Node *node, void *_) { return PyLong_FromUnsignedLongLong(BORN(node)); }

static Py_ssize_t inputs_of(Node *node, Node *const **inputs) {
    int code = CODE(node);
    if (UNLIKELY(code == ODD)) {
        PyTupleObject *all = (PyTupleObject *)PyTuple_GET_ITEM(attic_of(node)->odd, 1);
        *inputs = (Node *const *)all->ob_item;
        return PyTuple_GET_SIZE(all);
    }
    *inputs = node->input;
    return arity[code];
}

static int set_born(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    unsigned long long born = PyLong_AsUnsignedLongLong(value);
    if (born == (unsigned long long)-1 && PyErr_Occurred()) return -1;
    if (running || born >> 48) {
        PyErr_SetString(PyExc_RuntimeError, running ? BUSY : "A birth has at most 48 bits.");
        return -1;
    }
    Node *const *inputs;
    Py_ssize_t count = inputs_of(node, &inputs);
    for (Py_ssize_t i = 0; i < count; i++) rewired |= BORN(inputs[i]) >= born;
    node->bits = (uint64_t)born << 16 | (node->bits & 0xFFFF);
    return 0;
}

static PyObject *get_changed(Node *node, void *_) {
    Attic *attic = attic_of(node);
    if (attic && attic->changed) return PyLong_FromUnsignedLongLong(attic->changed);
    PyErr_SetString(PyExc_AttributeError, "_changed");
    return NULL;
}

static int set_changed(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    unsigned long long changed = PyLong_AsUnsignedLongLong(value);
    if (changed == (unsigned long long)-1 && PyErr_Occurred()) return -1;
    Attic *attic = attic_for(node);
    if (!attic) return -1;
    attic->changed = changed;
    return 0;
}

/* ---- attributes of the learner's own ---- */

static PyObject *owning_getattro(PyObject *self, PyObject *name) {
    Attic *attic = attic_of((Node *)self);
    PyObject *own = attic && attic->own ? PyDict_GetItemWithError(attic->own, name) : NULL;
    if (own) {
        PyObject *shared = _PyType_Lookup(Py_TYPE(self), name);
        if (!shared || !Py_TYPE(shared)->tp_descr_set) return Py_NewRef(own);
    } else if (PyErr_Occurred())
        return NULL;
    return PyObject_GenericGetAttr(self, name);
}

/* From the first attribute of a learner's own on, look-ups look for them; until then methods are found faster. */
static int look_for_own(PyTypeObject *type) {
    if (type->tp_getattro == PyObject_GenericGetAttr && !type->tp_dictoffset) {
        type->tp_getattro = owning_getattro;
        PyType_Modified(type);
    }
    PyObject *subtypes = PyObject_CallMethod((PyObject *)type, "__subclasses__", NULL);
    for (Py_ssize_t i = 0; subtypes && i < PyList_GET_SIZE(subtypes); i++)
        if (look_for_own((PyTypeObject *)PyList_GET_ITEM(subtypes, i)) < 0) Py_CLEAR(subtypes);
    Py_XDECREF(subtypes);
    return subtypes ? 0 : -1;
}

static PyObject *own_of(Node *node) { /* borrowed, made if there is none */
    Attic *attic = attic_for(node);
    if (!attic) return NULL;
    if (!attic->own) {
        PyTypeObject *type = Py_TYPE(node);
        if (type->tp_getattro == PyObject_GenericGetAttr && look_for_own(type) < 0) return NULL;
        PyObject *own = PyDict_New();
        attic = attic_for(node);
        if (!own || !attic) return Py_XDECREF(own), NULL;
        attic->own = own;
    }
    return attic->own;
}

static PyObject *get_dict(Node *node, void *_) { return Py_XNewRef(own_of(node)); }

static int set_dict(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    if (!PyDict_Check(value)) return PyErr_SetString(PyExc_TypeError, "__dict__ must be a dict"), -1;
    if (!own_of(node)) return -1;
    Py_INCREF(value);
    Py_SETREF(attic_of(node)->own, value);
    return 0;
}

static int value_setattro(PyObject *self, PyObject *name, PyObject *value) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject *shared = _PyType_Lookup(type, name);
    if (shared && Py_TYPE(shared)->tp_descr_set) return Py_TYPE(shared)->tp_descr_set(shared, self, value);
    if (type->tp_dictoffset) return PyObject_GenericSetAttr(self, name, value);
    Attic *attic = value ? NULL : attic_of((Node *)self);
    PyObject *own = value ? own_of((Node *)self) : attic ? attic->own : NULL;
    if (value) return own ? PyDict_SetItem(own, name, value) : -1;
    if (own && PyDict_Contains(own, name) == 1) return PyDict_DelItem(own, name);
    return PyErr_SetObject(PyExc_AttributeError, name), -1;
}
