// The annotations of a board, as dashed lines at their time.
import { useLayoutEffect } from 'react';
import { theme } from './fields';
import { ask } from './ask';
import { interpolate } from './words';

export async function marksOf(board, { source, range, values }) {
  const shown = board.annotations.list.filter((one) => one.enable);
  const found = await Promise.all(
    shown.map(async (one) => {
      const query = interpolate(one.target.expr, values);
      const series = await ask(source, 'query_range', { query, start: range.begin, end: range.end, step: range.step });
      return series.flatMap((each) => timesOf(one, each.values, range).map((time) => ({ time, colour: one.iconColor })));
    })
  );
  return found.flat().filter(({ time }) => time >= range.begin && time <= range.end);
}

// With "use value for time" each different value is a mark, else each begin of a run of samples.
function timesOf(mark, samples, { step }) {
  if (mark.useValueForTime) {
    return [...new Set(samples.map(([, value]) => Number(value) / 1000))];
  }
  return samples.map(([time]) => time).filter((time, n) => n === 0 || time - samples[n - 1][0] > 1.5 * step);
}

export function Marks({ builder, marks }) {
  useLayoutEffect(() => {
    builder.addHook('draw', (plot) => marks.forEach((one) => line(plot, one)));
  }, [builder, marks]);
  return null;
}

function line({ ctx, bbox, valToPos }, { time, colour }) {
  const x = valToPos(time * 1000, 'x', true);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = theme.visualization.getColorByName(colour);
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.fillRect(x - 4, bbox.top + bbox.height, 8, 4);
  ctx.restore();
}
