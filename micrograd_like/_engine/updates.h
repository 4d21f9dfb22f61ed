/* The updates of optim.SGD and optim.Adam over all parameters at once, to the bit, where every number is finite. */

static int number_of(PyObject *owner, const char *name, double *number) {
    PyObject *value = PyObject_GetAttrString(owner, name);
    *number = value ? PyFloat_AsDouble(value) : 0.0;
    Py_XDECREF(value);
    return !PyErr_Occurred();
}

static int remembered_of(PyObject *remembered, PyObject *p, double *numbers, Py_ssize_t count) {
    PyObject *row = PyDict_GetItemWithError(remembered, p);
    if (!row || !PyTuple_CheckExact(row) || PyTuple_GET_SIZE(row) != count) return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!PyFloat_CheckExact(PyTuple_GET_ITEM(row, i))) return 0;
        numbers[i] = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(row, i));
    }
    return 1;
}

/* update(optimizer, kind, free, rate): True when done, `steps` too; False, with nothing changed, where Python is to see to it. */
static PyObject *update(PyObject *module, PyObject *arguments) {
    PyObject *optimizer, *free_, *remembered, *betas = NULL, *rows = NULL, *next = NULL, *result = NULL;
    const char *kind;
    double rate, maximize, steps, momentum = 0.0, weight_decay = 0.0, beta1 = 0.0, beta2 = 0.0, eps = 0.0, *new = NULL;
    if (!PyArg_ParseTuple(arguments, "OsO!d", &optimizer, &kind, &PyList_Type, &free_, &rate)) return NULL;
    int adam = !strcmp(kind, "Adam"), width = adam ? 3 : 1, fine = 1;
    Py_ssize_t count = PyList_GET_SIZE(free_);
    if (!(remembered = PyObject_GetAttrString(optimizer, "remembered"))) return NULL;
    if (!number_of(optimizer, "maximize", &maximize) || !number_of(optimizer, "steps", &steps)) goto done;
    if (adam) {
        if (!(betas = PyObject_GetAttrString(optimizer, "betas")) || !PyArg_ParseTuple(betas, "dd", &beta1, &beta2)) goto done;
        if (!number_of(optimizer, "eps", &eps)) goto done;
    } else if (!number_of(optimizer, "momentum", &momentum) || !number_of(optimizer, "weight_decay", &weight_decay))
        goto done;
    double young1 = 1.0 - pow(beta1, steps + 1.0), young2 = 1.0 - pow(beta2, steps + 1.0);
    if (!(new = malloc((3 * count + 1) * sizeof *new))) goto done;
    if (!PyDict_CheckExact(remembered)) fine = 0;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        PyObject *item = PyList_GET_ITEM(free_, i);
        Node *p = (Node *)item;
        double *out = new + 3 * i, old[3];
        if (!any_value(item) || CODE(p) != LEAF || !remembered_of(remembered, item, old, width)) {
            fine = 0;
            break;
        }
        double gradient = maximize != 0.0 ? -p->grad : p->grad;
        if (adam) {
            out[1] = beta1 * old[1] + (1.0 - beta1) * gradient;
            out[2] = beta2 * old[2] + (1.0 - beta2) * gradient * gradient;
            out[0] = -(rate * (out[1] / young1) / (sqrt(out[2] / young2) + eps));
            fine = isfinite(out[1]) && isfinite(out[2]);
        } else {
            if (weight_decay != 0.0) gradient += weight_decay * p->data;
            out[0] = -(rate * gradient);
            if (momentum != 0.0) out[0] += momentum * old[0];
        }
        fine = fine && isfinite(p->grad) && isfinite(out[0]) && isfinite(p->data + out[0]);
    }
    /* Everything is made first: what follows allocates nothing and looks for no signal, so all is done or nothing. */
    if (fine && !(rows = PyList_New(count))) goto done;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        PyObject *row = PyTuple_New(width);
        if (!row) goto done;
        PyList_SET_ITEM(rows, i, row);
        for (int k = 0; k < width; k++) {
            PyObject *number = PyFloat_FromDouble(new[3 * i + k]);
            if (!number) goto done;
            PyTuple_SET_ITEM(row, k, number);
        }
    }
    if (fine && !(next = PyLong_FromDouble(steps + 1.0))) goto done;
    if (fine && PyObject_SetAttrString(optimizer, "steps", next) < 0) goto done;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        Node *p = (Node *)PyList_GET_ITEM(free_, i);
        if (PyDict_SetItem(remembered, (PyObject *)p, PyList_GET_ITEM(rows, i)) < 0) goto done;
        p->data += new[3 * i];
        p->leaf.changed = tick();
    }
    PyErr_Clear();
    result = PyBool_FromLong(fine);
done:
    if (!result && !PyErr_Occurred()) PyErr_NoMemory();
    free(new);
    Py_XDECREF(remembered), Py_XDECREF(betas), Py_XDECREF(rows), Py_XDECREF(next);
    return result;
}
