// WeChat Pay's bad days, as words: which faults there are, and why a transfer fails.

export const FAULTS = [
  'lostReply',
  'errorAfterSent',
  'errorNothingStored',
  'processing',
  'processingThenFailed',
  'slow',
  'truncated',
  'html502',
  'unknownCode',
  'extraElements',
  'noAuthUser',
  'notEnough',
  'freqLimit',
  'noAuthIp',
  'noAuthProduct',
] as const;

/** No list of WeChat Pay's has it: nobody can tell whether another number would pay twice, or never. */
export const UNKNOWN_REASON = 'NOBODY_KNOWS_THIS';
/** `fail_reason` of a bill. */
export const TRANSFER_REASONS = [
  'PAYER_ACCOUNT_ABNORMAL',
  'DAY_RECEIVED_QUOTA_EXCEED',
  'TRANSFER_RISK',
  'MERCHANT_REJECT',
  'BLOCK_B2C_USERLIMITAMOUNT_MONTH',
  UNKNOWN_REASON,
];

/** What the code under torture cannot do yet, and so is not asked. */
export const LANDED = { keys: true };

/** Faults of the code under torture that are known, and looked away from until they are mended. */
export const PENDING: readonly RegExp[] = [
  /was heard, and is not written/, // C2: the line of a friend's payment follows its answer
  /after its payment was refunded/, // C3: a refund leaves what was tried before
];
