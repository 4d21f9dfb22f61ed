/* Runs a plan's instructions over one long array of floats. `native` writes the words that are read here. */

#include "../_engine/node.h"

#include <fenv.h>

#include "../_engine/prelude.h"
#include "rules.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DISPATCHED
#endif
#define INLINE static inline __attribute__((always_inline))

typedef int64_t word;

/* ---- products of matrices: c[m, n] (+)= sum over k of a[m, k] * b[k, n] ---- */

#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast") /* a product and its sum are one rounding here */

typedef double vector __attribute__((vector_size(64), aligned(8), may_alias));
enum { WIDE = 8, PANEL = 24, ROWS = 8, DEEP = 256 };

typedef struct {
    word m, n, k, am, ak, bn, bk, cm, cn;
} Sizes;

/* One tile of `rows` times 8 * `vectors` results stays in registers over all of k. */
INLINE void tile(int rows, int vectors, word k, const double *a, word am, word ak, const double *b, word bk,
                 double *c, word cm, int add) {
    vector sum[ROWS][3];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) sum[i][v] = (vector){0};
    for (word l = 0; l < k; l++) {
        vector right[3];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) right[v] = *(const vector *)(b + l * bk + v * WIDE);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            double left = a[i * am + l * ak];
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) sum[i][v] += left * right[v];
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            vector *out = (vector *)(c + i * cm + v * WIDE);
            if (add) *out += sum[i][v];
            else *out = sum[i][v];
        }
}

#define TILES(ROWS_, V)                                                     \
    for (; i + ROWS_ <= m; i += ROWS_)                                      \
        tile(ROWS_, V, k, a + i * am, am, ak, b, bk, c + i * cm, cm, add);
#define COLUMN_OF_TILES(V) \
    {                      \
        word i = 0;        \
        TILES(8, V) TILES(4, V) TILES(2, V) TILES(1, V) \
    }

/* `b` has whole vectors of columns behind each other; so has `c`, unless its rest goes through `spare`. */
INLINE void strip(int vectors, word m, word k, const double *a, word am, word ak, const double *b, word bk, double *c,
                  word cm, int add) {
    if (vectors == 3) COLUMN_OF_TILES(3)
    else if (vectors == 2) COLUMN_OF_TILES(2)
    else COLUMN_OF_TILES(1)
}

DISPATCHED static void multiply(const Sizes *s, const double *a, const double *b, double *c, int add) {
    double packed[DEEP * PANEL], spare[64 * PANEL];
    for (word from = 0; from < s->k; from += DEEP) {
        word k = s->k - from < DEEP ? s->k - from : DEEP;
        int more = add || from;
        for (word j = 0; j < s->n; j += PANEL) {
            word n = s->n - j < PANEL ? s->n - j : PANEL;
            int vectors = (int)((n + WIDE - 1) / WIDE);
            const double *right = b + j * s->bn + from * s->bk;
            word bk = s->bk;
            if (s->bn != 1 || n % WIDE) {
                bk = vectors * WIDE;
                for (word l = 0; l < k; l++) {
                    double *row = packed + l * bk;
                    for (word v = 0; v < n; v++) row[v] = right[l * s->bk + v * s->bn];
                    for (word v = n; v < bk; v++) row[v] = 0.0;
                }
                right = packed;
            }
            const double *left = a + from * s->ak;
            double *out = c + j * s->cn;
            if (s->cn == 1 && n % WIDE == 0) {
                strip(vectors, s->m, k, left, s->am, s->ak, right, bk, out, s->cm, more);
                continue;
            }
            for (word i = 0; i < s->m; i += 64) {
                word m = s->m - i < 64 ? s->m - i : 64, width = vectors * WIDE;
                strip(vectors, m, k, left + i * s->am, s->am, s->ak, right, bk, spare, width, 0);
                for (word r = 0; r < m; r++)
                    for (word v = 0; v < n; v++) {
                        double *place = out + (i + r) * s->cm + v * s->cn;
                        *place = more ? *place + spare[r * width + v] : spare[r * width + v];
                    }
            }
        }
    }
}

/* c[m] (+)= sum over k of a[m, k] * b[k], with a's rows and b in one piece. */
DISPATCHED static void rows_times_vector(const Sizes *s, const double *a, const double *b, double *c, int add) {
    for (word i = 0; i < s->m; i++) {
        const double *row = a + i * s->am;
        vector sum[2] = {{0}};
        word l = 0;
        for (; l + 16 <= s->k; l += 16) {
            sum[0] += *(const vector *)(row + l) * *(const vector *)(b + l);
            sum[1] += *(const vector *)(row + l + 8) * *(const vector *)(b + l + 8);
        }
        for (; l + 8 <= s->k; l += 8) sum[0] += *(const vector *)(row + l) * *(const vector *)(b + l);
        sum[0] += sum[1];
        double total = ((sum[0][0] + sum[0][4]) + (sum[0][2] + sum[0][6])) + ((sum[0][1] + sum[0][5]) + (sum[0][3] + sum[0][7]));
        for (; l < s->k; l++) total += row[l] * b[l];
        c[i * s->cm] = add ? c[i * s->cm] + total : total;
    }
}

/* c[n] (+)= sum over k of a[k] * b[k, n], with b's rows in one piece. */
DISPATCHED static void vector_times_rows(const Sizes *s, const double *a, const double *b, double *c, int add) {
    word j = 0;
    for (; j + 32 <= s->n; j += 32) {
        vector sum[4] = {{0}};
        for (word l = 0; l < s->k; l++)
            for (int v = 0; v < 4; v++) sum[v] += a[l * s->ak] * *(const vector *)(b + l * s->bk + j + v * 8);
        for (int v = 0; v < 4; v++) {
            vector *out = (vector *)(c + j + v * 8);
            if (add) *out += sum[v];
            else *out = sum[v];
        }
    }
    for (; j + 8 <= s->n; j += 8) {
        vector sum[2] = {{0}};
        word l = 0;
        for (; l + 2 <= s->k; l += 2) {
            sum[0] += a[l * s->ak] * *(const vector *)(b + l * s->bk + j);
            sum[1] += a[(l + 1) * s->ak] * *(const vector *)(b + (l + 1) * s->bk + j);
        }
        if (l < s->k) sum[0] += a[l * s->ak] * *(const vector *)(b + l * s->bk + j);
        vector *out = (vector *)(c + j);
        if (add) *out += sum[0] + sum[1];
        else *out = sum[0] + sum[1];
    }
    for (; j < s->n; j++) {
        double total = 0.0;
        for (word l = 0; l < s->k; l++) total += a[l * s->ak] * b[l * s->bk + j];
        c[j] = add ? c[j] + total : total;
    }
}

#pragma GCC pop_options

static Sizes turned(const Sizes *s) { /* the transposed product: b and a change places */
    return (Sizes){s->n, s->m, s->k, s->bn, s->bk, s->am, s->ak, s->cn, s->cm};
}

static void product(Sizes s, const double *a, const double *b, double *c, int add) {
    if (s.m == 1 && s.n > 1) {
        s = turned(&s);
        const double *other = a;
        a = b, b = other;
    }
    if (s.n == 1) {
        if (s.ak == 1 && s.bk == 1) return rows_times_vector(&s, a, b, c, add);
        if (s.am == 1 && s.cm == 1 && s.m >= 8) {
            Sizes t = turned(&s);
            return vector_times_rows(&t, b, a, c, add);
        }
    }
    /* the columns of the result lie in vectors: better those that need no packing, or less of it */
    word left = s.am == 1 ? 0 : s.m, right = s.bn == 1 ? 0 : s.n;
    if (s.cn != 1) right += s.n / 4;
    if (s.cm != 1) left += s.m / 4;
    if (s.n < 8 && s.m >= 8) right = left + 1;
    if (left < right && s.m >= 8) {
        Sizes t = turned(&s);
        return multiply(&t, b, a, c, add);
    }
    multiply(&s, a, b, c, add);
}

/* ---- everything else: blocks of lanes that stay in the first cache ---- */

enum { LANES = 512, MOST_STEPS = 64, MOST_VIEWS = 16, MOST_LOOPS = 6 };

#define CODE_OF(name, gate, why) CODE_##name,
enum { EACH_OP(CODE_OF, CODE_OF) OP_COUNT, GATED = OP_COUNT };

/* step(a) * b, where b is finite */
INLINE double gated(double a, double b) { return a > 0.0 ? b : a <= 0.0 ? 0.0 : a; }

#define ONE_STEP(name, gate, why)                                            \
    case CODE_##name:                                                        \
        for (word i = 0; i < n; i++) out[i] = op_##name(a[i]);               \
        break;
#define TWO_STEP(name, gate, why)                                            \
    case CODE_##name:                                                        \
        if (sa) { double x = *a; for (word i = 0; i < n; i++) out[i] = op_##name(x, b[i]); }      \
        else if (sb) { double y = *b; for (word i = 0; i < n; i++) out[i] = op_##name(a[i], y); } \
        else for (word i = 0; i < n; i++) out[i] = op_##name(a[i], b[i]);    \
        break;

/* out = op(a, b) on n lanes; sa and sb say that the operand is one number for all of them. */
DISPATCHED static void step(int code, word n, double *restrict out, const double *a, int sa, const double *b, int sb) {
    switch (code) {
        EACH_OP(ONE_STEP, TWO_STEP)
        case GATED: {
            word by_a = !sa, by_b = !sb;
            if (by_a && by_b) for (word i = 0; i < n; i++) out[i] = gated(a[i], b[i]);
            else for (word i = 0; i < n; i++) out[i] = gated(a[i * by_a], b[i * by_b]);
        }
    }
}

#define ONE_NUMBER(name, gate, why) case CODE_##name: return op_##name(a);
#define TWO_NUMBERS(name, gate, why) case CODE_##name: return op_##name(a, b);
static double step_once(int code, double a, double b) {
    switch (code) {
        EACH_OP(ONE_NUMBER, TWO_NUMBERS)
        case GATED: return gated(a, b);
    }
    return NAN;
}

enum { DIRECT, SAME, WALKED, LISTED };

typedef struct {
    word kind, at, stride[MOST_LOOPS]; /* LISTED: `at` is where its list starts */
} Seen;

/* Visit the lanes from `first` on, run by run along the innermost loop: RUN(offset, step, lane, count). */
#define EACH_RUN(view, RUN)                                                                    \
    {                                                                                          \
        word place[MOST_LOOPS] = {0}, left = first, offset = (view)->at;                       \
        for (int d = loops - 1; d >= 0; d--) {                                                 \
            place[d] = left % shape[d], left /= shape[d];                                      \
            offset += place[d] * (view)->stride[d];                                            \
        }                                                                                      \
        word inner = shape[loops - 1], by = (view)->stride[loops - 1];                         \
        for (word lane = 0; lane < n;) {                                                       \
            word count = inner - place[loops - 1];                                             \
            if (count > n - lane) count = n - lane;                                            \
            RUN                                                                                \
            lane += count;                                                                     \
            offset -= place[loops - 1] * by, place[loops - 1] = 0;                             \
            for (int d = loops - 2; d >= 0; d--) {                                             \
                offset += (view)->stride[d];                                                   \
                if (++place[d] < shape[d]) break;                                              \
                offset -= shape[d] * (view)->stride[d], place[d] = 0;                          \
            }                                                                                  \
        }                                                                                      \
    }

/* Whole rows of a matrix, vector by vector: of each column at once, so that a row that stands still is read once. */
INLINE void load_rows(double *restrict to, const double *from, word rows, word width, word by_row, word by) {
    if (by == 0) {
        for (word r = 0; r < rows; r++) {
            double x = from[r * by_row];
            for (word i = 0; i < width; i++) to[r * width + i] = x;
        }
        return;
    }
    word i = 0;
    for (; i + WIDE <= width; i += WIDE)
        for (word r = 0; r < rows; r++) *(vector *)(to + r * width + i) = *(const vector *)(from + r * by_row + i);
    for (; i < width; i++)
        for (word r = 0; r < rows; r++) to[r * width + i] = from[r * by_row + i];
}

INLINE void store_rows(const double *restrict x, double *restrict to, word rows, word width, word by_row, int add) {
    word i = 0;
    for (; i + WIDE <= width; i += WIDE)
        if (by_row == 0) {
            vector sum[2] = {{0}};
            word r = 0;
            for (; r + 2 <= rows; r += 2) {
                sum[0] += *(const vector *)(x + r * width + i);
                sum[1] += *(const vector *)(x + (r + 1) * width + i);
            }
            if (r < rows) sum[0] += *(const vector *)(x + r * width + i);
            *(vector *)(to + i) += sum[0] + sum[1];
        } else if (add)
            for (word r = 0; r < rows; r++) *(vector *)(to + r * by_row + i) += *(const vector *)(x + r * width + i);
        else
            for (word r = 0; r < rows; r++) *(vector *)(to + r * by_row + i) = *(const vector *)(x + r * width + i);
    for (; i < width; i++)
        for (word r = 0; r < rows; r++)
            if (add || !by_row) to[r * by_row + i] += x[r * width + i];
            else to[r * by_row + i] = x[r * width + i];
}

/* Whether a block of lanes is whole rows of a matrix. */
#define WHOLE_ROWS (loops == 2 && first % shape[1] == 0 && n % shape[1] == 0)

DISPATCHED static void load(double *restrict to, const double *memory, const Seen *view, int loops, const word *shape,
                            word first, word n) {
    if (WHOLE_ROWS && (view->stride[1] == 0 || view->stride[1] == 1)) {
        word row = first / shape[1], by_row = view->stride[0];
        load_rows(to, memory + view->at + row * by_row, n / shape[1], shape[1], by_row, view->stride[1]);
        return;
    }
    EACH_RUN(view, {
        const double *from = memory + offset;
        if (by == 1) for (word i = 0; i < count; i++) to[lane + i] = from[i];
        else if (by == 0) { double x = *from; for (word i = 0; i < count; i++) to[lane + i] = x; }
        else for (word i = 0; i < count; i++) to[lane + i] = from[i * by];
    })
}

INLINE double total(const double *x, word n) {
    double sum[8] = {0}, rest = 0.0;
    word i = 0;
    for (; i + 8 <= n; i += 8)
        for (int v = 0; v < 8; v++) sum[v] += x[i + v];
    for (; i < n; i++) rest += x[i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7])) + rest;
}

DISPATCHED static void store(const double *restrict x, double *memory, const Seen *view, int loops, const word *shape,
                             word first, word n, int add) {
    if (WHOLE_ROWS && view->stride[1] == 1) {
        word row = first / shape[1], by_row = view->stride[0];
        store_rows(x, memory + view->at + row * by_row, n / shape[1], shape[1], by_row, add);
        return;
    }
    EACH_RUN(view, {
        double *to = memory + offset;
        if (by == 0) *to += total(x + lane, count);
        else if (by == 1 && add) for (word i = 0; i < count; i++) to[i] += x[lane + i];
        else if (by == 1) for (word i = 0; i < count; i++) to[i] = x[lane + i];
        else if (add) for (word i = 0; i < count; i++) to[i * by] += x[lane + i];
        else for (word i = 0; i < count; i++) to[i * by] = x[lane + i];
    })
}

static void clear(double *memory, const Seen *view, int loops, const word *shape) {
    word lanes = 1;
    for (int d = 0; d < loops; d++) lanes *= view->stride[d] ? shape[d] : 1;
    for (word i = 0; i < lanes; i++) {
        word left = i, offset = view->at;
        for (int d = loops - 1; d >= 0; d--)
            if (view->stride[d]) offset += left % shape[d] * view->stride[d], left /= shape[d];
        memory[offset] = 0.0;
    }
}

/* Words: loops, lanes, add, summed, views, steps, numbers; shape; out; views; steps; numbers.
   A view: kind, at, strides. A step: op, a, b; what is used is a view, then a step, or below 0 a number. */
typedef struct {
    int loops, add, summed, views, steps, numbers;
    word lanes;
    const word *shape, *step;
    Seen out, view[MOST_VIEWS];
    const double *number;
} Map;

static const word *read_view(const word *words, Seen *view, int loops) {
    view->kind = words[0], view->at = words[1];
    for (int d = 0; d < loops; d++) view->stride[d] = words[2 + d];
    return words + 2 + loops;
}

static const word *read_map(const word *words, Map *map) {
    map->loops = (int)words[0], map->lanes = words[1], map->add = (int)words[2], map->summed = (int)words[3];
    map->views = (int)words[4], map->steps = (int)words[5], map->numbers = (int)words[6];
    map->shape = words + 7;
    words = read_view(words + 7 + map->loops, &map->out, map->loops);
    for (int i = 0; i < map->views; i++) words = read_view(words, &map->view[i], map->loops);
    map->step = words;
    map->number = (const double *)(words + 3 * map->steps);
    return words + 3 * map->steps + map->numbers;
}

static void run_one(const Map *map, double *memory) { /* a single lane */
    double value[MOST_VIEWS + MOST_STEPS];
    for (int i = 0; i < map->views; i++) value[i] = memory[map->view[i].at];
    int last = map->views;
    for (int s = 0; s < map->steps; s++, last++) {
        const word *step = map->step + 3 * s;
        double a = step[1] < 0 ? map->number[-step[1] - 1] : value[step[1]];
        double b = step[2] < 0 ? map->number[-step[2] - 1] : value[step[2]];
        value[last] = step_once((int)step[0], a, b);
    }
    double x = map->steps ? value[last - 1] : map->views ? value[0] : map->number[0], *out = memory + map->out.at;
    *out = map->add ? *out + x : x;
}

static void run_block(const Map *map, double *memory, const word *lists, word first, word n) {
    static double buffers[MOST_VIEWS + MOST_STEPS + 1][LANES] __attribute__((aligned(64)));
    const double *value[MOST_VIEWS + MOST_STEPS];
    char same[MOST_VIEWS + MOST_STEPS];
    for (int i = 0; i < map->views; i++) {
        const Seen *view = &map->view[i];
        same[i] = view->kind == SAME;
        if (view->kind == DIRECT) value[i] = memory + view->at + first;
        else if (view->kind == SAME) value[i] = memory + view->at;
        else if (view->kind == LISTED) {
            const word *list = lists + view->at + first;
            for (word lane = 0; lane < n; lane++) buffers[i][lane] = memory[list[lane]];
            value[i] = buffers[i];
        } else load(buffers[i], memory, view, map->loops, map->shape, first, n), value[i] = buffers[i];
    }
    int direct = map->out.kind == DIRECT && !map->add && !map->summed;
    const double *result = map->views ? value[0] : map->number;
    int result_same = map->views ? same[0] : 1;
    for (int s = 0; s < map->steps; s++) {
        const word *words = map->step + 3 * s;
        int r = map->views + s, sa = words[1] < 0 || same[words[1]], sb = words[2] < 0 || same[words[2]];
        const double *a = words[1] < 0 ? map->number - words[1] - 1 : value[words[1]];
        const double *b = words[2] < 0 ? map->number - words[2] - 1 : value[words[2]];
        double *to = direct && s + 1 == map->steps ? memory + map->out.at + first : buffers[r];
        if ((same[r] = sa && sb)) to[0] = step_once((int)words[0], *a, *b);
        else step((int)words[0], n, to, a, sa, b, sb);
        value[r] = result = to, result_same = same[r];
    }
    if (result_same) {
        double x = *result, *to = direct ? memory + map->out.at + first : buffers[MOST_VIEWS + MOST_STEPS];
        for (word i = 0; i < n; i++) to[i] = x;
        result = to;
    }
    if (direct) {
        if (result != memory + map->out.at + first) memcpy(memory + map->out.at + first, result, n * sizeof(double));
    } else if (map->out.kind == LISTED) {
        const word *list = lists + map->out.at + first;
        for (word lane = 0; lane < n; lane++) memory[list[lane]] += result[lane];
    } else store(result, memory, &map->out, map->loops, map->shape, first, n, map->add || map->summed);
}

enum { MAP, FUSED, PRODUCT };

/* Words: kind, how many, what it says. FUSED: lanes, how many maps, the maps, all over the same lanes. */
static void run(double *memory, const word *words, word count, const word *lists) {
    for (const word *end = words + count; words < end; words += words[1]) {
        if (words[0] == PRODUCT) {
            const word *w = words + 2; /* add, offsets of a, b, c, sizes, then (length, of a, of b, of c) of the batch */
            Sizes s;
            memcpy(&s, w + 4, sizeof s);
            word batches = w[13], first = batches ? w[14] : 1, second = batches > 1 ? w[18] : 1;
            for (word i = 0; i < first; i++)
                for (word j = 0; j < second; j++) {
                    word at[3] = {w[1], w[2], w[3]};
                    for (int x = 0; x < 3; x++) {
                        if (batches) at[x] += i * w[15 + x];
                        if (batches > 1) at[x] += j * w[19 + x];
                    }
                    product(s, memory + at[0], memory + at[1], memory + at[2], (int)w[0]);
                }
        } else if (words[0] == MAP) {
            Map map;
            read_map(words + 2, &map);
            if (map.lanes == 1) {
                if (map.out.kind == LISTED) map.out.at = lists[map.out.at];
                for (int i = 0; i < map.views; i++)
                    if (map.view[i].kind == LISTED) map.view[i].at = lists[map.view[i].at];
                run_one(&map, memory);
                continue;
            }
            if (map.summed && !map.add) clear(memory, &map.out, map.loops, map.shape);
            word block = LANES;
            if (map.loops == 2 && map.shape[1] < LANES) block -= LANES % map.shape[1];
            for (word first = 0; first < map.lanes; first += block)
                run_block(&map, memory, lists, first, map.lanes - first < block ? map.lanes - first : block);
        } else {
            Map maps[8];
            const word *w = words + 4;
            for (int i = 0; i < words[3]; i++) w = read_map(w, &maps[i]);
            for (word first = 0; first < words[2]; first += LANES)
                for (int i = 0; i < words[3]; i++)
                    run_block(&maps[i], memory, lists, first, words[2] - first < LANES ? words[2] - first : LANES);
        }
    }
}

/* ---- the recorded order, with the engine's bits ---- */

#define REPLAY_1(name, gate, why)                                                          \
    case CODE_##name:                                                                      \
        out = op_##name(x), slope[0] = slope0_##name(out, x);                              \
        break;
#define REPLAY_2(name, gate, why)                                                          \
    case CODE_##name:                                                                      \
        out = op_##name(x, y);                                                             \
        slope[0] = slope0_##name(out, x, y), slope[1] = slope1_##name(out, x, y);          \
        break;
#define GATE_OF(name, gate, why) gate,
static const char gates[] = {EACH_OP(GATE_OF, GATE_OF)};

/* Four words a node: op, inputs, which of them learn. False where something is not finite, or nothing could hold it. */
static int replay(double *data, double *grad, const int32_t *words, word count) {
    int32_t root = *words++;
    double(*slopes)[2] = PyMem_Malloc(count * sizeof *slopes);
    int well = slopes != NULL;
    for (word i = 0; i < count && well; i++) {
        const int32_t *node = words + 4 * i;
        if (node[0] < 0) continue;
        double x = data[node[1]], y = node[2] < 0 ? 0.0 : data[node[2]], out = NAN, *slope = slopes[i];
        switch (node[0]) { EACH_OP(REPLAY_1, REPLAY_2) }
        data[i] = out;
        for (int p = 0; p < 2; p++) well &= !(node[3] >> p & 1) || isfinite(slope[p]);
        well &= isfinite(out) != 0;
    }
    if (well) {
        memset(grad, 0, count * sizeof *grad);
        grad[root] = 1.0;
        for (word i = count - 1; i >= 0; i--) {
            const int32_t *node = words + 4 * i;
            if (node[0] < 0) continue;
            for (int p = 0; p < 2; p++)
                if (node[3] >> p & 1 && (slopes[i][p] != 0.0 || !gates[node[0]])) grad[node[1 + p]] += slopes[i][p] * grad[i];
        }
    }
    PyMem_Free(slopes);
    return well;
}

/* ---- what Python calls ---- */

enum { UNUSUAL = FE_OVERFLOW | FE_DIVBYZERO | FE_INVALID };

static int buffer_of(PyObject *object, Py_buffer *view, int writable) {
    return PyObject_GetBuffer(object, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0;
}

static PyObject *loops_run(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer memory, words, lists;
    if (count != 3) return PyErr_SetString(PyExc_TypeError, "run takes the memory, the words and the lists."), NULL;
    if (!buffer_of(args[0], &memory, 1)) return NULL;
    if (!buffer_of(args[1], &words, 0)) return PyBuffer_Release(&memory), NULL;
    if (!buffer_of(args[2], &lists, 0)) return PyBuffer_Release(&memory), PyBuffer_Release(&words), NULL;
    feclearexcept(FE_ALL_EXCEPT);
    run(memory.buf, words.buf, words.len / (Py_ssize_t)sizeof(word), lists.buf);
    int flags = fetestexcept(UNUSUAL);
    PyBuffer_Release(&memory), PyBuffer_Release(&words), PyBuffer_Release(&lists);
    return PyBool_FromLong(flags);
}

/* train(memory, lists, places, data, losses, loss, *words): for each row of data put it at the places and run. Returns
   how many rows were learnt; the last list of words, the update, is not run where something unusual happened. */
static PyObject *loops_train(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer view[8];
    if (count != 9) return PyErr_SetString(PyExc_TypeError, "train takes nine arguments."), NULL;
    word loss = PyLong_AsLongLong(args[5]), which[] = {0, 1, 2, 3, 4, 6, 7, 8}, done = 0;
    for (int i = 0; i < 8; i++)
        if (!buffer_of(args[which[i]], &view[i], i == 0 || i == 4)) {
            while (i--) PyBuffer_Release(&view[i]);
            return NULL;
        }
    double *memory = view[0].buf, *losses = view[4].buf;
    const word *lists = view[1].buf, *places = view[2].buf;
    const double *data = view[3].buf;
    word wide = view[2].len / (word)sizeof(word), rows = view[4].len / (word)sizeof(double);
    int stopped = 0;
    feclearexcept(FE_ALL_EXCEPT);
    for (; done < rows && !stopped; done++) {
        for (word i = 0; i < wide; i++) memory[places[i]] = data[done * wide + i];
        for (int list = 0; list < 2; list++)
            run(memory, view[5 + list].buf, view[5 + list].len / (word)sizeof(word), lists);
        losses[done] = memory[loss];
        stopped = fetestexcept(UNUSUAL) || ((done & 63) == 63 && PyErr_CheckSignals());
        if (stopped) break;
        run(memory, view[7].buf, view[7].len / (word)sizeof(word), lists);
    }
    for (int i = 0; i < 8; i++) PyBuffer_Release(&view[i]);
    return PyErr_Occurred() ? NULL : PyLong_FromLongLong(done);
}

#include "_values.h"

static PyObject *loops_replay(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Py_buffer data, grad, words;
    if (count != 3) return PyErr_SetString(PyExc_TypeError, "replay takes the data, the gradients and the words."), NULL;
    if (!buffer_of(args[0], &data, 1)) return NULL;
    if (!buffer_of(args[1], &grad, 1)) return PyBuffer_Release(&data), NULL;
    if (!buffer_of(args[2], &words, 0)) return PyBuffer_Release(&data), PyBuffer_Release(&grad), NULL;
    int well = replay(data.buf, grad.buf, words.buf, data.len / (Py_ssize_t)sizeof(double));
    PyBuffer_Release(&data), PyBuffer_Release(&grad), PyBuffer_Release(&words);
    return PyBool_FromLong(well);
}

#define NAME_OF(name, gate, why) #name,
static PyMethodDef methods[] = {
    {"run", (PyCFunction)(void (*)(void))loops_run, METH_FASTCALL, "Run the words on the memory; tell of unusual results."},
    {"train", (PyCFunction)(void (*)(void))loops_train, METH_FASTCALL, "Run words on the memory for each row of data."},
    {"replay", (PyCFunction)(void (*)(void))loops_replay, METH_FASTCALL, "Compute in recorded order."},
    {"read", (PyCFunction)(void (*)(void))loops_read, METH_FASTCALL, "Read the data of Values."},
    {"write", (PyCFunction)(void (*)(void))loops_write, METH_FASTCALL, "Write data and gradients of leaves."},
    {"zero", (PyCFunction)(void (*)(void))loops_zero, METH_FASTCALL, "Set the gradients of leaves to 0."},
    {"bare", (PyCFunction)(void (*)(void))loops_bare, METH_FASTCALL, "Tell whether no Value has an attribute."},
    {"alike", (PyCFunction)(void (*)(void))loops_alike, METH_FASTCALL, "Tell whether two lists hold the same."},
    {"finite", (PyCFunction)(void (*)(void))loops_finite, METH_FASTCALL, "Tell whether all numbers are finite."},
    {NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_loops", "The loops of compiled programs.", -1, methods};

PyMODINIT_FUNC PyInit__loops(void) {
    static const char *const names[] = {EACH_OP(NAME_OF, NAME_OF)};
    PyObject *module = PyModule_Create(&definition), *math = PyImport_ImportModule("math");
    if (!module || !math) return NULL;
    math_hypot = PyObject_GetAttrString(math, "hypot");
    math_gamma = PyObject_GetAttrString(math, "gamma"), math_lgamma = PyObject_GetAttrString(math, "lgamma");
    PyObject *ops = PyTuple_New(OP_COUNT);
    for (int i = 0; ops && i < OP_COUNT; i++) PyTuple_SET_ITEM(ops, i, PyUnicode_FromString(names[i]));
    Py_DECREF(math);
    if (PyModule_AddIntConstant(module, "NODE_SIZE", sizeof(Node)) < 0 || !math_hypot || !ops || PyModule_AddObject(module, "OPS", ops) < 0) return NULL;
    return module;
}
