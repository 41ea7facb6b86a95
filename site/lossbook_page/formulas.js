// One accurate body for each function that printed formulas call, as in lossbook/arrays.py and lossbook/training.py.
const power = (base, exponent) => exponent === 1 ? base : base * power(base, exponent - 1);
const sum = (row, term) => row.reduce((before, _, k) => before + term(k), 0);

const sigmoid = (z) => {
  const small = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
};
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const log_sigmoid = (z) => -softplus(-z);
const tanh = Math.tanh;
const log_cosh = (z) => {
  const size = Math.abs(z);
  if (size >= 1) return size + (Math.log1p(Math.exp(-2 * size)) - Math.LN2);
  const half = Math.sinh(z / 2);
  return Math.log1p(2 * half * half);
};

// A row's greatest entry, and the exponentials of all less it. What rounding took from the difference still matters.
const rowParts = (z) => {
  const greatest = Math.max(...z);
  const first = z.indexOf(greatest);
  const exponentials = z.map((entry) => {
    const shifted = entry - greatest, back = shifted - entry;
    const rounded = (entry - (shifted - back)) - (greatest + back);
    return Math.exp(shifted) * (1 + rounded);
  });
  return { greatest, first, exponentials, others: sum(z, (k) => k === first ? 0 : exponentials[k]) };
};
const logsumexp = (z) => {
  const { greatest, others } = rowParts(z);
  return greatest + Math.log1p(others);
};
const log_softmax = (z, i) => {
  const { greatest, others } = rowParts(z);
  return (z[i] - greatest) - Math.log1p(others);
};
const softmax = (z, i) => {
  const { exponentials, others } = rowParts(z);
  return exponentials[i] / (1 + others);
};
const softmax_complement = (z, i) => {
  const { first, exponentials, others } = rowParts(z);
  return (i === first ? others : 1 + sum(z, (k) => k === first || k === i ? 0 : exponentials[k])) / (1 + others);
};

// share - target, where complement = 1 - share: of the complements where both are near 1.
const difference = (share, complement, target) =>
  target >= 0.5 && (share > 0.5 || target === 1) ? (1 - target) - complement : share - target;

// Every z of gradient descent, from the start on.
const descend = (gradient, start, rate, steps) => {
  const path = [start];
  while (path.length <= steps) path.push(path.at(-1) - rate * gradient(path.at(-1)));
  return path;
};

// The line b + w x for which a loss of the residual is least: least squares, reweighted by gradient / residual.
const fitLine = (gradient, x, y) => {
  const solve = (weights) => {
    const mean = (row) => sum(row, (k) => weights[k] * row[k]) / sum(row, (k) => weights[k]);
    const middle = mean(x), level = mean(y);
    const along = x.map((at, k) => weights[k] * (at - middle));
    const w = sum(x, (k) => along[k] * (y[k] - level)) / sum(x, (k) => along[k] * (x[k] - middle));
    return [level - w * middle, w];
  };
  let [b, w] = solve(x.map(() => 1));
  const typical = sum(x, (k) => Math.abs(b + w * x[k] - y[k])) / x.length;
  const smallest = Math.max(1e-8 * typical, 1e-13 * Math.max(...y.map(Math.abs))) || 1;
  for (let round = 0; round < 10000; round++) {
    const off = x.map((at, k) => b + w * at - y[k]);
    const residuals = off.map((r) => (r < 0 ? -1 : 1) * Math.max(Math.abs(r), smallest));
    const last = [b, w];
    [b, w] = solve(residuals.map((r) => gradient(r) / r));
    if (Math.max(...x.map((at) => Math.abs(b - last[0] + (w - last[1]) * at))) <= smallest) break;
  }
  return [b, w];
};
