"""The source of a C99 file that takes a row of a table, with names between @ to fill in; a driver for it."""

from __future__ import annotations

from linnet.export.tables.template import fill_in

FILE = r"""/* @headline@.
 * Written by linnet. C99; link with -lm. Other files need the struct and the declaration of linnet_predict.
 *
 *     struct linnet_row row = {
@example@
 *     };
 *     double answers[LINNET_OUTPUTS];
 *     if (linnet_predict(&row, answers) != 0) { ... }
 *
 * answers: @promise@.
 * The result is 0, or the place of the column, from 1, that holds what it cannot: an infinite number, a
 * truth that is neither 0 nor 1, or a number for which a function of the formula is not defined.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LINNET_COLUMNS @width@
#define LINNET_OUTPUTS @outputs@

struct linnet_row {
@fields@
};

int linnet_predict(const struct linnet_row *row, double *answers);

const int linnet_outputs = LINNET_OUTPUTS;
const char *const linnet_dataset = @dataset@;
const char *const linnet_columns[LINNET_COLUMNS] = {
@columns@
};
@classes@
static const double linnet_b[LINNET_OUTPUTS] = {
@b@
};
@tables@
@functions@
int linnet_predict(const struct linnet_row *row, double *answers) {
    double scores[LINNET_OUTPUTS], f[@factors@];
    (void)row, (void)f;
@read@
    memcpy(scores, linnet_b, sizeof scores);
@add@
@answer@
    return 0;
}
"""

CLASSES = """const char *const linnet_classes[LINNET_OUTPUTS] = {
@names@
};
"""

ADD = """
static void linnet_add(double *scores, const @type@ *weights, double factor) {
    for (int k = 0; k < LINNET_OUTPUTS; k++) scores[k] += (double)weights[k] * factor;
}
"""

CIVIL = r"""
/* Year and month of whole days since 1970-01-01; a year of its own begins in March. */
static void linnet_civil(double days, double *year, double *month) {
    double era = floor((days + 719468) / 146097), day = days + 719468 - era * 146097;
    double y = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365);
    double place = floor((5 * (day - (365 * y + floor(y / 4) - floor(y / 100))) + 2) / 153);
    *month = place < 10 ? place + 3 : place - 9;
    *year = y + era * 400 + (*month <= 2);
}
"""

YEAR = r"""
static double linnet_@part@(double days) {
    double year, month;
    linnet_civil(floor(days), &year, &month);
    return @part@;
}
"""

PARTS = {
    "year": fill_in(YEAR, part="year"),
    "month": fill_in(YEAR, part="month"),
    "weekday": """
static double linnet_weekday(double days) {
    return floor(days) + 3 - 7 * floor((floor(days) + 3) / 7) + 1;
}
""",
    "hour": """
static double linnet_hour(double days) {
    return floor((days - floor(days)) * 24 + 1e-9);
}
""",
}

TEXTS = r"""
/* The bytes of white space at the end of a text, or with is_end 0 at its start. */
static size_t linnet_space(const char *text, size_t length, int is_end) {
    static const char *const blanks[] = {
        "\t", "\n", "\v", "\f", "\r", "\034", "\035", "\036", "\037", " ", "\302\205", "\302\240",
        "\341\232\200", "\342\200\200", "\342\200\201", "\342\200\202", "\342\200\203", "\342\200\204",
        "\342\200\205", "\342\200\206", "\342\200\207", "\342\200\210", "\342\200\211", "\342\200\212",
        "\342\200\250", "\342\200\251", "\342\200\257", "\342\201\237", "\343\200\200"
    };
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        size_t size = strlen(blanks[i]);
        if (size <= length && !memcmp(is_end ? text + length - size : text, blanks[i], size)) return size;
    }
    return 0;
}

/* The length of a whole number whose decimals are all 0, without these; else the whole length. */
static size_t linnet_whole(const char *text, size_t length) {
    size_t digits = length && (*text == '-' || *text == '+'), end = digits, zeros;
    while (end < length && text[end] >= '0' && text[end] <= '9') end++;
    if (end == digits || (text[digits] == '0' && end > digits + 1)) return length;
    if (end + 1 >= length || text[end] != '.') return length;
    for (zeros = end + 1; zeros < length; zeros++)
        if (text[zeros] != '0') return length;
    return end;
}

static char linnet_small(char letter) {
    return (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
}

/* The length of a text as levels are written, and where it begins; 0 where it is no value. */
static size_t linnet_text(const char **begin) {
    static const char *const missing[] = {@missing@};
    const char *text = *begin;
    size_t length = text ? strlen(text) : 0, size;
    while (length && (size = linnet_space(text, length, 0)) > 0) text += size, length -= size;
    while (length && (size = linnet_space(text, length, 1)) > 0) length -= size;
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        size_t at = 0;
        while (at < length && missing[i][at] == linnet_small(text[at])) at++;
        if (at == length && !missing[i][at]) return 0;
    }
    length = linnet_whole(text, length);
    if (length == 2 && text[0] == '-' && text[1] == '0') text++, length--;
    *begin = text;
    return length;
}
"""

LEVELS = r"""
static int linnet_compare(const char *text, size_t length, const char *level) {
    size_t size = strlen(level);
    int order = memcmp(text, level, size < length ? size : length);
    return order ? order : (length > size) - (length < size);
}

/* The place of a text among levels in the order of strcmp; behind them other texts, and no value. */
static size_t linnet_level(const char *text, const char *const *levels, size_t count) {
    size_t length = linnet_text(&text), low = 0, high = count;
    if (!length) return count + 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = linnet_compare(text, length, levels[middle]);
        if (!order) return middle;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return count;
}
"""

HASH = r"""
/* The bucket of a text by FNV-1a of its bytes, which are UTF-8; behind them no value. */
static size_t linnet_hash(const char *text, size_t buckets) {
    size_t length = linnet_text(&text);
    uint32_t hash = UINT32_C(2166136261);
    if (!length) return buckets;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * UINT32_C(16777619);
    return hash % buckets;
}
"""

SOFTMAX = """@before@    double largest = scores[0], total = 0;
    for (int k = 1; k < LINNET_OUTPUTS; k++) largest = fmax(largest, scores[k]);
    for (int k = 0; k < LINNET_OUTPUTS; k++) total += scores[k] = exp(scores[k] - largest);
    for (int k = 0; k < LINNET_OUTPUTS; k++) answers[k] = scores[k] / total;"""

LOG_SIGMOID = """    for (int k = 0; k < LINNET_OUTPUTS; k++)
        scores[k] = fmin(scores[k], 0) - log1p(exp(-fabs(scores[k])));
"""

REGRESSION = "    for (int k = 0; k < LINNET_OUTPUTS; k++) answers[k] = @mean@;"

DRIVER = r"""#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "model.c"
static const char *text(FILE *in) {
    int32_t length;
    char *found;
    if (fread(&length, sizeof length, 1, in) != 1) exit(2);
    if (length < 0) return NULL;
    found = calloc((size_t)length + 1, 1);
    if (!found || fread(found, 1, (size_t)length, in) != (size_t)length) exit(3);
    return found;
}
static double number(FILE *in) {
    double found;
    if (fread(&found, sizeof found, 1, in) != 1) exit(4);
    return found;
}
int main(int argc, char **argv) {
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL, *out = in ? fopen(argv[2], "wb") : NULL;
    if (!out) return 1;
    (void)text, (void)number;
    for (int i = 0; i < @rows@; i++) {
        struct linnet_row row;
        double answers[LINNET_OUTPUTS];
@read@
        if (linnet_predict(&row, answers)) return 5;
        if (fwrite(answers, sizeof *answers, LINNET_OUTPUTS, out) != LINNET_OUTPUTS) return 6;
    }
    return fclose(out);
}
"""
