// Charts, each with its numbers as a table beside it.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { money } from './format.ts';
import { Scroll } from './parts.tsx';
import { words } from './state.ts';

const HEIGHT = 200;

/** Bars of today over the line of yesterday, by the hour. */
export function Hours({ today, before }: { today: readonly number[]; before: readonly number[] }) {
  const ref = useRef<HTMLDivElement>(null);
  const data = JSON.stringify([today, before]);
  useEffect(() => {
    const box = ref.current!;
    const hours = today.map((_, n) => n);
    const yuan = (all: readonly number[]): number[] => all.map(fen => fen / 100);
    const bars = uPlot.paths.bars!({ size: [0.6, 28] });
    const chart = new uPlot(
      {
        width: Math.max(260, box.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-0.6, 23.6] }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] } },
        axes: [
          { stroke: '#535c68', grid: { show: false }, ticks: { show: false }, font: '12px sans-serif', incrs: [3, 6] },
          {
            stroke: '#535c68',
            grid: { stroke: '#e4e7ec', width: 1 },
            ticks: { show: false },
            font: '12px sans-serif',
            size: 56,
          },
        ],
        series: [
          {},
          { fill: '#d3402a', stroke: '#d3402a', width: 0, paths: bars, points: { show: false } },
          { stroke: '#3a5b92', width: 2, dash: [4, 4], points: { show: false } },
        ],
      },
      [hours, yuan(today), yuan(before)],
      box,
    );
    const fit = new ResizeObserver(() => chart.setSize({ width: Math.max(260, box.clientWidth), height: HEIGHT }));
    fit.observe(box);
    return () => {
      fit.disconnect();
      chart.destroy();
    };
  }, [data]);
  return (
    <>
      <p class="legend">
        <span class="bars">{words.today}</span> <span class="line">{words.yesterday}</span>
      </p>
      <div ref={ref} class="chart" aria-hidden="true" />
      <HoursTable today={today} before={before} />
    </>
  );
}

function HoursTable({ today, before }: { today: readonly number[]; before: readonly number[] }) {
  return (
    <details>
      <summary>{words.home.hoursTable}</summary>
      <Scroll label={words.home.hours}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.home.hour}</th>
              <th scope="col">{words.today}</th>
              <th scope="col">{words.yesterday}</th>
            </tr>
          </thead>
          <tbody>
            {today.map((fen, hour) => (
              <tr>
                <th scope="row">{hour}</th>
                <td>{money(fen)}</td>
                <td>{money(before[hour] ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

/** Seven small bars; the numbers are read out. */
export function Week({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values);
  return (
    <svg class="week" viewBox="0 0 70 24" role="img" aria-label={values.join(', ')}>
      {values.map((value, n) => {
        const height = Math.max(1, (value / most) * 22);
        return <rect x={n * 10 + 1} y={24 - height} width="8" height={height} rx="1.5" />;
      })}
    </svg>
  );
}
