// Every key of the Redis store, in one place: what it is called, of which type, and what lies in it.
//
// All keys of a deployment begin with one hash tag, `{hongbao}:` unless the address says `?tag=`. So they all lie in
// one slot, and a script may touch any of them at once: a claim, its limits, its money and its journal line are one
// commit. One tag per address and not per merchant, because most of the store's methods name no merchant (a follower or
// an event belongs to none). What that means: a cluster gives such a deployment failover, not more capacity; everything
// is served by the one shard that owns the slot. WeChat Pay takes 30 packets a second of a merchant, and one shard
// commits thousands of claims in that time. Who has several deployments gives each its own tag, and the cluster spreads
// them. Before the slot is moved to another shard, stop the bots: a slot in motion refuses scripts over several keys.
//
// Each call declares the keys in its script's text and those that follow from its arguments (`naming`): all that a claim, an
// answer, a step, a lease or a mailbox touches. What is left is found by what was read: rows of the payouts in a list or a queue
// and of the books, the box of a code, pieces of a move to this store, and the pre-images of a snapshot while one is read. Redis
// and Valkey allow that within one slot; Dragonfly wants `--default_lua_flags=allow-undeclared-keys`.

/** The types behind the names: hash H, sorted set Z, stream X, list L, set S, string T. */
export const KEY = {
  /** T `2`: which format the data has. A newer one is refused. */
  format: 'format',
  /** T: a random name for all this data, from its beginning. Where another stands, or none, it is not the data we know. */
  origin: 'origin',
  /** T: the global sequence. Every commit and every successor takes the next number; lists are ordered by it. */
  seq: 'seq',

  /** H account/key → token and answer. The token names the call that wrote it; see `connection.ts`. */
  answer: 'answer',
  /** Z account/key by the time of the answer: what `forget` looks at. */
  answerAt: 'answer:at',

  /** S: the claim keys there are. Unique for ever. */
  claimed: 'claimed',
  /** X seq → claim, JSON. Append-only: the books read it in order. */
  claims: 'claims',

  /** + openid. H counter → value, a whole number: this follower's counters, in whose names no follower is; see `counter-place.ts`. */
  own: 'own:',
  /** X seq-n → openids. Who has counters, in the order in which they came up, for the books. */
  owners: 'owners',
  /** H counter → value: those of everybody. */
  shared: 'shared',
  /** X seq-n → counters of everybody that came up together, for the books. */
  sharedNames: 'shared:names',
  /** T: keeps a bot of before format 4, which counted here, from counting beside us. Absent in data that began later. */
  counter: 'counter',
  /** H and X: what stood in `counter`, and its names, while it is brought up to format 4. */
  counterBefore: 'counter:before',
  countersBefore: 'counters:before',
  /** X: the names before that. */
  counters: 'counters',

  /** H account/openid → how often they followed, a slash and when they last left if they did, a space, follower as JSON. */
  follower: 'follower',
  /** H merchant → by whom, a space, halt as JSON. No field: nothing is halted. */
  halt: 'halt',

  /** + billNo. H: what scripts look at as fields, `fixed` (never changes) and `now` (written anew by steps) as JSON. */
  payout: 'payout:',
  /** + billNo. L: the history's lines, JSON, each with the token of the call that wrote it. At n: version n + 1. */
  history: 'history:',
  /** + index. Z billNo by seq. Indexes: `all`, `state:…`, `campaign:…`, `user:…`, `merchant:…`. */
  list: 'list:',
  /** + merchant:send or merchant:query. Z seq:billNo (seq padded: it settles ties) by nextAt; unfinished ones only. */
  due: 'due:',

  /** H WeChat's own number (微信单号) → billNo. Of payouts that got one before this key was there, none. */
  listed: 'listed',

  /** + campaign. H reserved, sent, received, refunded: fen. */
  bucket: 'bucket:',
  /** X seq → campaign. The campaigns that have a bucket, for the books. */
  buckets: 'buckets',

  /** X seq → event with its decision, JSON. */
  journal: 'journal',
  /** + openid. L: this follower's lines in the journal, by seq. */
  journalUser: 'journal:user:',
  /** H event key → its lines in the journal, by seq, with commas between. */
  journalKey: 'journal:key',

  /**
   * + name. H holder (empty: it was given back), fence, since (taken, renewed or given back), until (when another may
   * take it), note, released (the token of the call that gave it back last). Times are the server's. Never deleted: the
   * fence must not begin anew.
   */
  lease: 'lease:',

  /**
   * + first 4 characters of a printed code's hash. H: the others → batch, box and prize, with U+001F between. There are
   * 65 536 of them, so that each stays small, and Redis keeps it packed, up to some thirty million codes.
   */
  code: 'code:',
  /** T: of each of them one byte, `1` if there is anything in it. */
  codeUsed: 'codes:used',
  /** S: the batches of codes there are. */
  codeBatches: 'codes:batches',
  /** + batch. H codes, active, boxes: how many. */
  codeBatch: 'codes:batch:',
  /** + batch. H box → how many codes are in it; below zero while they are not active. */
  codeBox: 'codes:box:',
  /** + batch. S those of its boxes that nobody has decided about; of a box of before it is not known. */
  codeOpen: 'codes:open:',
  /** + batch. Z its boxes by their number. */
  codeBoxes: 'codes:boxes:',

  /** H account/openid → the version of the mailbox, a space, when messages went out, JSON. */
  mailbox: 'mailbox',
  /** H account/openid → the same version, a space, what is owed in words, JSON. No field: nothing. */
  mailboxOwed: 'mailbox:owed',
  /** Z account/openid, all by 0: who is owed anything, in the order of the texts. */
  mailboxOwing: 'mailbox:owing',

  /** H merchant/openid → the version of the authorization (免确认收款授权), a space, the authorization as JSON. */
  authorization: 'authorization',

  /** H kind/name → its version, 1 if something waits for an answer else 0, the text, with spaces between. */
  document: 'document',
  /** Z kind/name, all by 0: in the order of the texts. */
  documentNames: 'document:names',

  /** X seq → what somebody did by hand, JSON. */
  acts: 'acts',

  /** + token. T: what a call was told, for a minute, so that its repeat is told the same. */
  said: 'said:',

  /** T: nothing. Written where `replicas` is not 0, so that the replicas have something to confirm. */
  echo: 'echo',

  /** S: the snapshots that are being read. */
  snapshot: 'books',
  /** + id. H: one snapshot: its `seq`, and what was there before a write changed it. Dies if nobody reads on. */
  book: 'book:',
} as const;

/**
 * 2: the journal has the checks of a trace as data; see `storage/shared/journal.ts`. 3: a journal line is shorter; see
 * `journal-line.ts`. Both are read as they are. 4: a follower's counters lie together; see `bring-up.ts`.
 */
export const FORMAT = '4';

/** `{hongbao}:`, with which every key begins. */
export function prefixOf(tag: string): string {
  return `{${tag}}:`;
}
