// The notes that end a way on the campaign's page.
/**
 * `nowhere`: no such page. `stale`: the link is of no use any more. `snapshot`: WeChat shows a snapshot (快照页).
 * `later`: WeChat does not answer.
 */
export type Note = 'nowhere' | 'stale' | 'snapshot' | 'later';
