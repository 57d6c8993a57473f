// What the control API says of an account's menu (自定义菜单).

export type MenuButton = {
  readonly name: string;
  readonly type?: string;
  readonly key?: string;
  readonly url?: string;
  readonly sub_button?: readonly MenuButton[];
};
/** As `/cgi-bin/menu/create` takes it. */
export type Menu = { readonly button: readonly MenuButton[] };
