// The kinds of panel that Grafana publishes as components.
import { dateTime, getDisplayProcessor, getDisplayValueAlignmentFactors, getFieldDisplayValues, renderMarkdown } from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { Marks } from './marks';
import { theme } from './fields';

export function Lines({ panel, frames, world, width, height }) {
  return (
    <TimeSeries
      frames={frames.map(finite)}
      width={width}
      height={height}
      timeRange={timeRange(world.range)}
      timeZone="utc"
      legend={panel.options.legend}
      options={panel.options}
    >
      {(builder) => <Marks builder={builder} marks={world.marks} />}
    </TimeSeries>
  );
}

// As the panel does it: what is no number is a gap.
const finite = (frame) => ({
  ...frame,
  fields: frame.fields.map((field) => ({ ...field, values: field.values.map((one) => (Number.isFinite(one) ? one : null)) })),
});

export function Stat({ panel, frames, width, height }) {
  const { options } = panel;
  return (
    <Repeated panel={panel} frames={frames} width={width} height={height} autoGrid={options.orientation !== 'horizontal'}>
      {(one, size, count, alignmentFactors) => (
        <BigValue
          {...size}
          theme={theme}
          value={one.display}
          colorMode={options.colorMode}
          graphMode="none"
          justifyMode={options.justifyMode ?? 'auto'}
          textMode={options.textMode ?? 'auto'}
          alignmentFactors={alignmentFactors}
          text={options.text}
          count={count}
        />
      )}
    </Repeated>
  );
}

export function Bars({ panel, frames, width, height }) {
  const { options } = panel;
  return (
    <Repeated panel={panel} frames={frames} width={width} height={height} {...sizes(options)}>
      {(one, size, count, alignmentFactors) => (
        <BarGauge
          {...size}
          theme={theme}
          value={one.display}
          field={one.field}
          display={one.view?.getFieldDisplayProcessor(one.colIndex) ?? getDisplayProcessor({ field: { config: one.field }, theme })}
          orientation={options.orientation}
          displayMode={options.displayMode}
          valueDisplayMode={options.valueMode}
          showUnfilled={options.showUnfilled}
          alignmentFactors={alignmentFactors}
          itemSpacing={10}
          namePlacement={options.namePlacement}
          text={options.text}
        />
      )}
    </Repeated>
  );
}

const sizes = ({ minVizHeight, maxVizHeight }) => ({ itemSpacing: 10, minVizHeight, maxVizHeight });

function Repeated({ panel, frames, width, height, children, ...more }) {
  const getValues = () =>
    getFieldDisplayValues({
      data: frames,
      fieldConfig: panel.fieldConfig,
      reduceOptions: panel.options.reduceOptions,
      replaceVariables: (text) => text,
      theme,
      timeZone: 'utc',
    });
  return (
    <VizRepeater
      {...more}
      source={frames}
      renderCounter={0}
      width={width}
      height={height}
      orientation={panel.options.orientation ?? 'auto'}
      getValues={getValues}
      getAlignmentFactors={(values) => getDisplayValueAlignmentFactors(values)}
      renderValue={({ value, count, alignmentFactors, ...size }) =>
        children(value, { width: size.width, height: size.height }, count, alignmentFactors)
      }
    />
  );
}

export function Rows({ panel, frames, width, height }) {
  const { options } = panel;
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      cellHeight={options.cellHeight}
      noHeader={!options.showHeader}
      sortBy={options.sortBy}
      fieldConfig={panel.fieldConfig}
      enableVirtualization={false}
    />
  );
}

export function Text({ panel }) {
  const __html = renderMarkdown(panel.options.content);
  return <div className="markdown-html" style={{ padding: 8 }} dangerouslySetInnerHTML={{ __html }} />;
}

export function timeRange({ begin, end }) {
  const [from, to] = [dateTime(begin * 1000), dateTime(end * 1000)];
  return { from, to, raw: { from, to } };
}
