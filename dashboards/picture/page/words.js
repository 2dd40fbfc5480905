// Variables of a board, as Grafana's data source for Prometheus writes them into a query.

export function interpolate(text, values) {
  return text.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (whole, braced, plain) => values[braced ?? plain] ?? whole);
}

export function builtIn(range) {
  const whole = `${Math.max(1, Math.round(range.end - range.begin))}s`;
  return {
    __interval: `${range.step}s`,
    __rate_interval: `${4 * range.step}s`,
    __range: whole,
    datasource: 'prometheus',
  };
}

// What the pickers at the top stand at; `chosen` has the values that are not "all".
export function standing(variables, chosen) {
  return Object.fromEntries(
    variables.map((one) => [one.name, chosen[one.name] ?? one.allValue ?? (one.type === 'datasource' ? 'Prometheus' : '')])
  );
}

export function legend(format, labels) {
  if (format) {
    return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '');
  }
  const pairs = Object.entries(labels).filter(([name]) => name !== '__name__');
  return `${labels.__name__ ?? ''}{${pairs.map(([name, value]) => `${name}="${value}"`).join(', ')}}`;
}
