// A board: its head, its rows, its panels in Grafana's grid.
import { PanelChrome } from '@grafana/ui';
import { theme } from './fields';
import { Bars, Lines, Rows, Stat, Text } from './panels';
import { Heat, Timeline } from './standins';

const COLUMNS = 24;
const [LINE, GAP, EDGE] = [30, 8, 16];
const KINDS = { timeseries: Lines, stat: Stat, bargauge: Bars, table: Rows, text: Text, heatmap: Heat, 'state-timeline': Timeline };
const STANDINS = new Set(['heatmap', 'state-timeline']);
const SELF_EMPTY = new Set(['stat', 'bargauge', 'text']);

export function Board({ board, answers, world, width }) {
  const wide = width - 2 * EDGE;
  const below = Math.max(...world.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * (LINE + GAP);
  return (
    <div style={{ width, padding: EDGE, background: theme.colors.background.canvas, color: theme.colors.text.primary }}>
      <Head board={board} world={world} />
      <div style={{ position: 'relative', height: below }}>
        {world.panels.map((panel) => (
          <Placed key={panel.id} at={panel.gridPos} wide={wide}>
            {(size) => (panel.type === 'row' ? <Heading row={panel} /> : <One {...{ panel, world, size }} frames={answers[panel.id]} />)}
          </Placed>
        ))}
      </div>
      <p style={{ color: theme.colors.text.secondary, margin: 0 }}>{world.caption}</p>
    </div>
  );
}

function Placed({ at, wide, children }) {
  const column = (wide - GAP * (COLUMNS - 1)) / COLUMNS;
  const size = { width: at.w * column + (at.w - 1) * GAP, height: at.h * LINE + (at.h - 1) * GAP };
  return <div style={{ position: 'absolute', left: at.x * (column + GAP), top: at.y * (LINE + GAP), ...size }}>{children(size)}</div>;
}

function One({ panel, frames, world, size }) {
  const Kind = KINDS[panel.type];
  const filled = SELF_EMPTY.has(panel.type) || frames.some((frame) => frame.length);
  const mark = STANDINS.has(panel.type) ? <span title="stand-in">≈</span> : undefined;
  return (
    <PanelChrome {...size} title={panel.title} description={panel.description} titleItems={mark}>
      {(width, height) =>
        filled ? <Kind {...{ panel, frames, world, width, height }} /> : <Empty text={panel.fieldConfig.defaults.noValue} />
      }
    </PanelChrome>
  );
}

function Empty({ text }) {
  const style = { height: '100%', display: 'grid', placeItems: 'center', color: theme.colors.text.secondary, fontSize: 18 };
  return <div style={style}>{text ?? 'No data'}</div>;
}

function Heading({ row }) {
  return (
    <div style={{ font: `500 16px ${theme.typography.fontFamily}`, paddingTop: 4 }}>
      {row.folded ? '▸' : '▾'} {row.title} {row.folded && <small style={{ opacity: 0.6 }}>({row.panels.length} panels)</small>}
    </div>
  );
}

function Head({ board, world }) {
  return (
    <div style={{ display: 'flex', gap: 24, alignItems: 'center', marginBottom: GAP, flexWrap: 'wrap' }}>
      <span style={{ fontSize: 20, fontWeight: 500, marginRight: 'auto' }}>{board.title}</span>
      {board.templating.list.map((one) => (
        <span key={one.name}>
          <span style={{ color: theme.colors.text.secondary }}>{one.label}</span>{' '}
          <span style={{ border: `1px solid ${theme.colors.border.medium}`, padding: '4px 10px', borderRadius: 2 }}>
            {world.picked[one.name]}
          </span>
        </span>
      ))}
      <span style={{ border: `1px solid ${theme.colors.border.medium}`, padding: '4px 10px', borderRadius: 2 }}>{world.span}</span>
    </div>
  );
}
