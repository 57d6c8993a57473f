// The merchant's gate is shut: why, when it is tried again, and the button that opens it.
import { wordIn } from '../../shared/word.ts';
import { resume, useModel } from '../state.ts';
import { clockText } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';

export function HaltBanner() {
  const { halt, lang } = useModel();
  const words = wordsOf(lang).halt;
  if (!halt) return null;
  const why = wordIn(words.codes, halt.code) ?? halt.code;
  return (
    <p class="halt" role="alert" data-test="halt" data-code={halt.code} title={halt.reason}>
      <strong>{words.halted(why)}</strong>
      <span>{halt.probeAt === undefined ? words.byHand : words.tries(clockText(halt.probeAt))}</span>
      <button type="button" class="pill" data-test="resume" onClick={() => void resume()}>
        {words.resume}
      </button>
    </p>
  );
}
