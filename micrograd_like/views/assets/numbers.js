// Numbers: the functions that operations are written with, and how a number is shown.

const {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cbrt,
  ceil,
  cos,
  cosh,
  exp,
  expm1,
  floor,
  hypot,
  log,
  log10,
  log1p,
  log2,
  sin,
  sinh,
  sqrt,
  tan,
  tanh,
  trunc,
} = Math;
const maximum = (a, b) => (a > b || a !== a ? a : b);
const minimum = (a, b) => (a < b || a !== a ? a : b);
const step = (a) => (a > 0 ? 1 : a <= 0 ? 0 : a);
const fmod = (a, b) => a % b; // with a's sign
const mod = (a, b) => {
  // with b's sign, as Python
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
};
const floordiv = (a, b) => Math.round((a - mod(a, b)) / b);

function erfc(a) {
  // by its continued fraction (Abramowitz and Stegun, 7.1.14), near 0 by erf's series
  if (abs(a) < 2) return 1 - erf(a);
  if (a < 0) return 2 - erfc(-a);
  let tail = 0;
  for (let k = 120; k > 0; k--) tail = k / 2 / (a + tail);
  return exp(-a * a) / ((a + tail) * sqrt(Math.PI));
}

function erf(a) {
  // Abramowitz and Stegun, 7.1.6
  if (abs(a) >= 2) return 1 - erfc(a);
  let term = a,
    sum = a;
  for (let k = 1; k < 60; k++) sum += term *= (2 * a * a) / (2 * k + 1);
  return (2 / sqrt(Math.PI)) * exp(-a * a) * sum;
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]; // for g = 7, by Godfrey's method

function lgamma(a) {
  if (a < 0.5) return log(Math.PI / abs(sin(Math.PI * (a - Math.round(a))))) - lgamma(1 - a);
  const far = a + 6.5;
  const sum = LANCZOS.reduce((sum, x, i) => sum + x / (a + i), 0.9999999999998099);
  return (a - 0.5) * log(far) - far + log(sum) + log(2 * Math.PI) / 2;
}

const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6];

function digamma(a, n) {
  // by its series, where it is too near 0 by its recurrence, below 0 by reflection
  const turned = n % 2 ? 1 : -1;
  if (a < 0) return cotangentSlope(a, n) - turned * digamma(1 - a, n);
  let sum = 0,
    whole = 1;
  for (let j = 2; j <= n; j++) whole *= j;
  for (; a < 16 + n; a++) sum += whole / a ** (n + 1);
  sum += n ? whole / n / a ** n : -log(a);
  sum += whole / 2 / a ** (n + 1);
  BERNOULLI.forEach((x, i) => {
    let ratio = 1 / (n ? 1 : 2 * i + 2);
    for (let j = 2 * i + 3; j < 2 * i + 2 + n; j++) ratio *= j;
    sum += (x * ratio) / a ** (2 * i + 2 + n);
  });
  return n ? turned * sum : -sum;
}

function cotangentSlope(a, n) {
  // of -pi times the cotangent of pi times a, a polynomial in it whose slope is -(1 + cotangent ** 2)
  let factors = [0, 1];
  for (let i = 0; i < n; i++) {
    const slope = factors.map((x, k) => k * x).slice(1);
    factors = [...slope, 0, 0].map((x, k) => -(x + (slope[k - 2] ?? 0)));
  }
  const cotangent = 1 / tan(Math.PI * (a - Math.round(a)));
  return -(Math.PI ** (n + 1)) * factors.reduceRight((sum, x) => sum * cotangent + x, 0);
}

export const primitives = {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cbrt,
  ceil,
  cos,
  cosh,
  digamma,
  erf,
  erfc,
  exp,
  expm1,
  floor,
  floordiv,
  fmod,
  hypot,
  lgamma,
  log,
  log10,
  log1p,
  log2,
  maximum,
  minimum,
  mod,
  sin,
  sinh,
  sqrt,
  step,
  tan,
  tanh,
  trunc,
};

export function short(x, digits = 4) {
  if (x !== x || abs(x) === Infinity) return x !== x ? "undefined" : x > 0 ? "∞" : "−∞";
  const number = Number(x.toPrecision(digits)) || 0;
  const far = abs(number) >= 1e6 || (number && abs(number) < 1e-4);
  return far ? number.toExponential().replace("e+", "e") : String(number);
}

export const near = (a, b, tolerance) =>
  a === b || (a !== a && b !== b) || abs(a - b) <= tolerance * Math.max(abs(a), abs(b));

// The numbers with no more digits than it takes to compute the right result, to four digits.
export function rounded(numbers, compute, digits = 4) {
  const right = compute(...numbers);
  for (let enough = digits; enough < 17; enough++) {
    const fewer = numbers.map((x) => Number(x.toPrecision(enough)));
    if (near(compute(...fewer), right, 0.5 * 10 ** (1 - digits))) return fewer;
  }
  return numbers;
}

// What was typed: a number with a point or a comma, or a fraction; NaN if it is neither.
export function typedNumber(text) {
  const plain = text.replace(/[−–]/g, "-").replace(",", ".");
  const [top, bottom = "1", ...rest] = plain.split("/");
  return top.trim() === "" || bottom.trim() === "" || rest.length
    ? NaN
    : Number(top) / Number(bottom);
}
