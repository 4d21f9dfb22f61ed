"""The files that a saved program is written into: what stands around its instructions, in C99 and in Python."""

from __future__ import annotations

C_FILE = """\
/* {name}: a loss, its gradients and its training, which need nothing but a C compiler.

   cc -O2 -std=c99 -o {stem} {name} -lm && ./{stem} data.csv 100 0.1

   Each line of data.csv is an example: {columns} numbers, in this order. A step takes {rows} of them;
   then come how many times to go through the file, and the learning rate. The loss of each time and the parameters
   at the end are printed; with 0 times, the loss and the gradients of the first step. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {{ PARAMETERS = {parameters}, EXAMPLES = {rows}, NUMBERS = {wide} }};

static double m[{size}]; /* the parameters, their gradients behind them, then all arrays */

{tables}

static void start(void) {{
{starts}
}}

static double forward(void) {{
{forward}
    return m[{loss}];
}}

static void backward(void) {{
{backward}
}}

static void update(double rate) {{
    for (int i = 0; i < PARAMETERS; i++) m[i] -= rate * m[PARAMETERS + i];
}}

static void show(const char *name, int from, int count) {{
    printf("%s", name);
    for (int i = 0; i < count; i++) printf(" %.17g", m[from + i]);
    printf("\\n");
}}

static void show_all(int from) {{
{shown}
}}

/* Read the numbers of one step; tell whether there were enough. */
static int read_examples(FILE *file) {{
    for (int i = 0; i < EXAMPLES * NUMBERS; i++) {{
        if (fscanf(file, "%lf", &m[{inputs}[i]]) != 1) return 0;
        int next = getc(file);
        if (next != ',' && next != ';') ungetc(next, file);
    }}
    return 1;
}}

int main(int count, char **words) {{
    FILE *file = count == 4 ? fopen(words[1], "r") : NULL;
    if (!file) return fprintf(stderr, "Write: %s data.csv TIMES RATE\\n", words[0]), 1;
    int times = atoi(words[2]), steps = 0;
    double rate = atof(words[3]);
    start();
    if (!times && read_examples(file)) {{
        printf("loss %.17g\\n", forward());
        backward();
        show_all(PARAMETERS);
        return 0;
    }}
    for (int turn = 0; turn < times; turn++) {{
        double total = 0.0;
        rewind(file);
        for (steps = 0; read_examples(file); steps++) total += forward(), backward(), update(rate);
        if (!steps) return fprintf(stderr, "%s has fewer than %d numbers.\\n", words[1], EXAMPLES * NUMBERS), 1;
        printf("loss %.17g\\n", total / steps);
    }}
    show_all(0);
    return 0;
}}
"""

PY_FILE = '''\
"""{name}: a loss, its gradients and its training, which need nothing but NumPy.

    from {stem} import step
    for {inputs} in batches:
        print(step({inputs}, rate=0.1))

Inputs have the shapes {shapes}.
"""

import math

import numpy as np

m = np.zeros({size})  # the parameters, their gradients behind them, then all arrays
{starts}


def at(start, shape, steps):
    """Return a view of m: from a start on, so many numbers along each axis, in such steps."""
    return np.lib.stride_tricks.as_strided(m[start:], shape, [8 * step for step in steps])


PARAMETERS = {parameters}
parameters = {{
{arrays}
}}


def forward({inputs}):
    """Return the loss."""
{takes}
{forward}
    return float(m[{loss}])


def backward():
    """Put the gradients behind the parameters."""
{backward}


def gradients():
    """Return the gradient of the loss by each array of parameters."""
    return {{name: _behind(array) for name, array in parameters.items()}}


def _behind(array):
    start = (array.ctypes.data - m.ctypes.data) // 8 + PARAMETERS
    return m[start : start + array.size].reshape(array.shape).copy()


def step({inputs}, rate=0.1):
    """Learn from one batch, and return its loss before."""
    loss = forward({inputs})
    backward()
    m[:PARAMETERS] -= rate * m[PARAMETERS : 2 * PARAMETERS]
    return loss
'''
