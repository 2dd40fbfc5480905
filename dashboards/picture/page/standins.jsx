// Simple stand-ins for the kinds of panel that Grafana does not publish.
import { formattedValueToString, getFieldDisplayName, getValueFormat } from '@grafana/data';
import { theme } from './fields';

const AXIS = 20;
const quiet = { fill: theme.colors.text.secondary, fontSize: 12 };

// A line for each series; neighbours of one value are one bar.
export function Timeline({ panel, frames, world, width, height }) {
  const rows = frames.slice(0, panel.options.perPage ?? frames.length);
  const names = rows.map((frame) => getFieldDisplayName(frame.fields[1], frame, frames));
  const left = Math.min(Math.max(...names.map((name) => name.length)) * 7 + 12, width / 3);
  const tall = (height - AXIS - 24) / rows.length;
  return (
    <svg width={width} height={height}>
      {rows.map((frame, n) => (
        <g key={n} transform={`translate(0, ${n * tall})`}>
          <text {...quiet} x={left - 8} y={tall / 2 + 4} textAnchor="end">
            {cut(names[n], left)}
          </text>
          {runs(frame, world.range.step).map((run, m) => (
            <Bar key={m} run={run} x={place(world.range, left, width)} tall={tall} share={panel.options.rowHeight ?? 0.9} />
          ))}
        </g>
      ))}
      <Times range={world.range} left={left} width={width} y={height - 30} />
      <Key words={wordsIn(rows)} y={height - 8} />
    </svg>
  );
}

function Bar({ run, x, tall, share }) {
  const [from, to] = [x(run.begin), x(run.end)];
  const thick = Math.min(tall * share, 60);
  return (
    <g>
      <rect x={from} y={(tall - thick) / 2} width={Math.max(to - from - 1, 1)} height={thick} fill={run.colour} fillOpacity={0.75} />
      {to - from > run.text.length * 7 + 8 && tall > 15 && (
        <text x={from + 5} y={tall / 2 + 4} fontSize={12} fill={theme.colors.getContrastText(run.colour)}>
          {run.text}
        </text>
      )}
    </g>
  );
}

function runs(frame, step) {
  const [times, values] = frame.fields.map((field) => field.values);
  const found = [];
  values.forEach((value, n) => {
    const last = found.at(-1);
    const end = times[n] / 1000 + step;
    if (value === null) {
      return;
    }
    if (last?.value === value && last.end >= end - 1.5 * step) {
      last.end = end;
      return;
    }
    const { text, color } = frame.fields[1].display(value);
    found.push({ value, text, colour: color, begin: end - step, end });
  });
  return found;
}

function wordsIn(rows) {
  const shown = rows.flatMap((frame) => frame.fields[1].values.filter((one) => one !== null).map((one) => frame.fields[1].display(one)));
  return [...new Map(shown.map(({ text, color }) => [text, color]))];
}

function Key({ words, y }) {
  let x = 8;
  return words.map(([word, colour]) => {
    const here = x;
    x += word.length * 7 + 32;
    return (
      <g key={word}>
        <rect x={here} y={y - 7} width={14} height={4} fill={colour} />
        <text {...quiet} x={here + 19} y={y}>
          {word}
        </text>
      </g>
    );
  });
}

// The buckets of a histogram over time; darker is less.
export function Heat({ panel, frames, world, width, height }) {
  const rows = frames.filter((frame) => frame.fields[1].labels.le !== undefined).sort((a, b) => bound(a) - bound(b));
  const counts = rows.map((frame, n) => frame.fields[1].values.map((value, t) => value - (rows[n - 1]?.fields[1].values[t] ?? 0)));
  const most = Math.max(...counts.flat());
  const [left, tall] = [64, (height - AXIS - 16) / rows.length];
  const x = place(world.range, left, width);
  const wide = x(world.range.begin + world.range.step) - x(world.range.begin);
  const format = getValueFormat(panel.options.yAxis.unit);
  return (
    <svg width={width} height={height}>
      {rows.map((frame, n) => {
        const y = 8 + (rows.length - 1 - n) * tall;
        const shown = bound(frame) === Infinity ? '+Inf' : formattedValueToString(format(bound(frame)));
        return (
          <g key={n}>
            {n % Math.ceil(14 / tall) === 0 && (
              <text {...quiet} x={left - 6} y={y + 6} textAnchor="end">
                {shown}
              </text>
            )}
            {counts[n].map((count, t) =>
              count > 0 ? (
                <rect
                  key={t}
                  x={x(frame.fields[0].values[t] / 1000) - wide}
                  y={y}
                  width={Math.max(wide - 1, 1)}
                  height={tall - 1}
                  fill="#5794F2"
                  fillOpacity={0.15 + 0.85 * Math.sqrt(count / most)}
                />
              ) : null
            )}
          </g>
        );
      })}
      <Times range={world.range} left={left} width={width} y={height - 6} />
    </svg>
  );
}

const bound = (frame) => Number(frame.fields[1].labels.le.replace('+Inf', 'Infinity'));
const cut = (name, left) => (name.length * 7 > left ? `${name.slice(0, Math.floor(left / 7) - 2)}…` : name);

function place({ begin, end }, left, width) {
  return (time) => left + ((Math.min(time, end) - begin) / (end - begin)) * (width - left - 8);
}

function Times({ range, left, width, y }) {
  const x = place(range, left, width);
  const every = [10, 30, 60, 120, 300, 600, 1800, 3600].find((one) => (range.end - range.begin) / one < width / 90) ?? 7200;
  const first = Math.ceil(range.begin / every) * every;
  const count = Math.floor((range.end - first) / every) + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, n) => first + n * every).map((time) => (
    <text {...quiet} key={time} x={x(time)} y={y} textAnchor="middle">
      {new Date(time * 1000).toISOString().slice(11, every < 60 ? 19 : 16)}
    </text>
  ));
}
