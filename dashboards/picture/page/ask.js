// The answers of Prometheus as Grafana's data frames.
import { FieldType, toDataFrame } from '@grafana/data';
import { interpolate, legend } from './words';

export async function ask(source, path, fields) {
  const answer = await fetch(`${source}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  const body = await answer.json();
  if (body.status !== 'success') {
    throw new Error(`${body.error} in ${fields.query}`);
  }
  return body.data.result;
}

export async function framesOf(panel, world) {
  const { source, range, values } = world;
  const answers = await Promise.all(
    (panel.targets ?? []).map(async (target) => {
      const query = interpolate(target.expr, values);
      const series = target.instant
        ? await ask(source, 'query', { query, time: range.end })
        : await ask(source, 'query_range', { query, start: range.begin, end: range.end, step: range.step });
      return { target, series };
    })
  );
  const filled = answers.filter(({ series }) => series.length);
  return filled.flatMap(({ target, series }) =>
    target.format === 'table' ? [table(target, series, filled.length > 1)] : series.map((one) => timed(target, one, range))
  );
}

function table(target, series, several) {
  const names = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.map((one) => one.value[0] * 1000) },
      ...names.map((name) => ({ name, type: FieldType.string, values: series.map((one) => one.metric[name]) })),
      { name: several ? `Value #${target.refId}` : 'Value', type: FieldType.number, values: series.map((one) => Number(one.value[1])) },
    ],
  });
}

// A series on the whole raster of the time shown: nothing where it has nothing.
function timed(target, one, range) {
  const given = new Map((one.values ?? [one.value]).map(([time, value]) => [Math.round(time * 1000), Number(value)]));
  const times = one.value ? [...given.keys()] : raster(range);
  const value = {
    name: 'Value',
    type: FieldType.number,
    labels: one.metric,
    config: { displayNameFromDS: legend(target.legendFormat, one.metric) },
    values: times.map((time) => given.get(time) ?? null),
  };
  return toDataFrame({ refId: target.refId, fields: [{ name: 'Time', type: FieldType.time, values: times }, value] });
}

function raster({ begin, end, step }) {
  const count = Math.floor((end - begin) / step + 1e-6) + 1;
  return Array.from({ length: count }, (_, n) => Math.round((begin + n * step) * 1000));
}
