// 体检: what is wrong with the set-up, how sure that is, and where to click. It looks when somebody asks it to.
import { useEffect, useState } from 'preact/hooks';
import type { DoctorView } from '../../engine/overview/view.ts';
import { when } from './format.ts';
import { Able, Card, Data, Empty, Head, Mark } from './parts.tsx';
import { tell, troubleText, useLoaded, words } from './state.ts';

const say = words.doctor;
/** An examination that somebody else has begun: looked for so often. */
const LOOK_MS = 3000;

export function Doctor() {
  const loaded = useLoaded<DoctorView>('doctor');
  const [own, setOwn] = useState<DoctorView>();
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  const isRunning = isBusy || (loaded.value?.isRunning ?? false);
  useEffect(() => {
    if (isBusy || !loaded.value?.isRunning) return undefined;
    const timer = setTimeout(loaded.reload, LOOK_MS);
    return () => clearTimeout(timer);
  }, [isBusy, loaded.value]);
  const run = async (): Promise<void> => {
    setBusy(true);
    setTrouble('');
    try {
      setOwn(await tell<DoctorView>('api/examine', {}));
    } catch (error) {
      setTrouble(troubleText(error));
    }
    setBusy(false);
  };
  const view = own ?? loaded.value;
  const broken = view?.findings?.filter(each => each.isBroken).length ?? 0;
  return (
    <>
      <Head
        answer={answerOf(view)}
        what={view?.at ? say.at(when(view.at), view.by ?? '') : say.hint}
        isBad={broken > 0}
      >
        <Able>
          <button type="button" class="primary" onClick={() => void run()} disabled={isRunning} data-test="examine">
            {isRunning ? say.running : say.run}
          </button>
        </Able>
      </Head>
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <Data of={loaded}>{() => <Findings of={view} />}</Data>
    </>
  );
}

function answerOf(view: DoctorView | undefined): string {
  if (!view?.findings) return say.never;
  const broken = view.findings.filter(each => each.isBroken).length;
  return view.findings.length === 0 ? say.fine : say.found(broken, view.findings.length - broken);
}

function Findings({ of }: { of: DoctorView | undefined }) {
  if (!of?.findings) return <Empty>{say.empty}</Empty>;
  if (of.findings.length === 0) return <Empty>{say.good}</Empty>;
  return (
    <Card title={say.findings}>
      <ul class="plain examined" data-test="examined">
        {of.findings.map(each => (
          <li>
            <p>
              <Mark kind={each.isBroken ? 'bad' : 'wait'}>{each.isBroken ? say.broken : say.warning}</Mark>{' '}
              {each.about && <b>{each.about}</b>} {each.what}
            </p>
            <p class="fix">→ {each.fix}</p>
            <small>
              {each.sure} · {each.id}
            </small>
          </li>
        ))}
      </ul>
    </Card>
  );
}
