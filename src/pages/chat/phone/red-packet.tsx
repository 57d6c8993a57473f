// The red packet (红包): the card in the chat, the envelope with the gold coin, and the amount inside.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Packet } from '../../../simulator/shared/protocol.ts';
import { Avatar } from '../parts/avatar.tsx';
import { useDialog } from '../parts/dialog.ts';
import { Cross, Envelope, EnvelopeOpen } from '../parts/icons.tsx';
import { openPacket, packetKey, update, useModel } from '../state.ts';
import { yuan } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';

export function PacketCard({ packet }: { readonly packet: Packet | undefined }) {
  const words = wordsOf(useModel().lang).packet;
  if (!packet) return <div class="packet-card gone" data-test="packet" data-state="UNKNOWN" />;
  const isFresh = packet.status === 'SENT' || packet.status === 'SENDING';
  return (
    <button
      type="button"
      class={`packet-card ${isFresh ? '' : 'done'}`}
      data-test="packet"
      data-state={packet.status}
      data-bill={packet.billNo}
      onClick={() => update({ opening: packetKey(packet) })}
    >
      <span class="packet-top">
        {isFresh ? <Envelope /> : <EnvelopeOpen />}
        <span class="packet-words">
          <span class="packet-wishing">{packet.wishing}</span>
          <span class="packet-status">{words.state[packet.status]}</span>
        </span>
      </span>
      <span class="packet-brand">{words.brand}</span>
    </button>
  );
}

/** How far the envelope is: shut, the coin turning, torn open, or what was inside. */
type Stage = 'shut' | 'turning' | 'tearing' | 'inside';
const COIN_TURNS_MS = 1100;
const TEAR_MS = 520;
const wait = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms));
const isCalm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function PacketDialog() {
  const { opening, packets } = useModel();
  const packet = opening === undefined ? undefined : packets.get(opening);
  return packet ? <OpenPacket key={opening} packet={packet} /> : null;
}

function OpenPacket({ packet }: { readonly packet: Packet }) {
  const words = wordsOf(useModel().lang);
  const [stage, setStage] = useState<Stage>(packet.status === 'RECEIVED' ? 'inside' : 'shut');
  const [refusal, setRefusal] = useState<string | undefined>();
  const close = (): void => update({ opening: undefined });
  const box = useDialog(close);
  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
    },
    [],
  );

  const open = async (): Promise<void> => {
    setStage('turning');
    const calm = isCalm();
    const [result] = await Promise.all([openPacket(packet), wait(calm ? 0 : COIN_TURNS_MS)]);
    if (isGone.current) return;
    if (typeof result === 'string') {
      setRefusal(result);
      return setStage('shut');
    }
    setStage('tearing');
    await wait(calm ? 0 : TEAR_MS);
    if (!isGone.current) setStage('inside');
  };

  return (
    <div class={`packet-veil stage-${stage}`}>
      <button type="button" class="packet-shade" tabIndex={-1} aria-label={words.close} onClick={close} />
      <div class="packet-box" ref={box} role="dialog" aria-modal="true" aria-label={words.packet.from(packet.sendName)}>
        {stage !== 'shut' && stage !== 'turning' && <Inside packet={packet} />}
        {stage !== 'inside' && <Outside packet={packet} stage={stage} refusal={refusal} open={() => void open()} />}
        <button type="button" class="packet-close" onClick={close} aria-label={words.close}>
          <Cross size={20} />
        </button>
      </div>
    </div>
  );
}

type OutsideProps = {
  readonly packet: Packet;
  readonly stage: Stage;
  readonly refusal: string | undefined;
  readonly open: () => void;
};

function Outside({ packet, stage, refusal, open }: OutsideProps) {
  const words = wordsOf(useModel().lang).packet;
  const why = {
    SENT: undefined,
    RECEIVED: undefined,
    SENDING: words.sending,
    FAILED: words.failed,
    RFUND_ING: words.late,
    REFUND: words.late,
  }[packet.status];
  const note = refusal ?? why;
  return (
    <div class={`envelope ${note ? 'dull' : ''}`}>
      <div class="envelope-flap">
        <p class="envelope-from">
          <Avatar name={packet.sendName} seed={packet.mchId} kind="account" />
          {words.from(packet.sendName)}
        </p>
        <p class={`envelope-wishing ${note ? 'small' : ''}`}>{note ?? packet.wishing}</p>
      </div>
      <div class="envelope-body" />
      {!note && (
        <button
          type="button"
          class={`coin ${stage === 'turning' ? 'turning' : ''}`}
          data-test="packet-open"
          aria-label={words.openLong}
          disabled={stage !== 'shut'}
          onClick={open}
        >
          <span class="coin-face">{words.open}</span>
        </button>
      )}
    </div>
  );
}

/** Gold dust around the amount: where each grain flies. */
const SPARKS = [...Array(16).keys()].map(n => {
  const angle = (n / 16) * 2 * Math.PI + (n % 3) * 0.21;
  const reach = 84 + ((n * 37) % 70);
  return {
    '--dx': `${Math.cos(angle) * reach}px`,
    '--dy': `${Math.sin(angle) * reach * 0.8}px`,
    '--late': `${(n % 5) * 40}ms`,
  };
});

function Inside({ packet }: { readonly packet: Packet }) {
  const words = wordsOf(useModel().lang).packet;
  return (
    <div class="inside" aria-live="assertive">
      <div class="inside-arc" />
      <div class="sparks" aria-hidden="true">
        {SPARKS.map((style, n) => (
          <i key={n} style={style} />
        ))}
      </div>
      <p class="inside-from">
        <Avatar name={packet.sendName} seed={packet.mchId} kind="account" />
        {words.from(packet.sendName)}
      </p>
      <p class="inside-wishing">{packet.wishing}</p>
      <p class="inside-amount">
        <strong data-test="packet-amount">{yuan(packet.amount)}</strong>
        <span>{words.yuan}</span>
      </p>
      <p class="inside-note">{words.saved}</p>
      <p class="inside-brand">{packet.actName}</p>
    </div>
  );
}
