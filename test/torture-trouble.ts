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

/** `fail_reason` of a bill; the last of them nobody knows. */
export const TRANSFER_REASONS = [
  'PAYER_ACCOUNT_ABNORMAL',
  'DAY_RECEIVED_QUOTA_EXCEED',
  'TRANSFER_RISK',
  'MERCHANT_REJECT',
  'BLOCK_B2C_USERLIMITAMOUNT_MONTH',
  'NOBODY_KNOWS_THIS',
];
