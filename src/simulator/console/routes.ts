// What the platform's API has for an account's own things: templates, tags, conditional menus, uploaded files.
import type { Route } from '../account/api.ts';
import { addConditional, deleteConditional, tryMatch } from './conditional-menus.ts';
import {
  addMaterial,
  countMaterials,
  deleteMaterial,
  getMaterial,
  getMedia,
  listMaterials,
  upload,
  uploadImage,
} from './media.ts';
import {
  block,
  createTag,
  deleteTag,
  listBlocked,
  listTags,
  peopleOfTag,
  setRemark,
  tagPeople,
  tagsOfPerson,
  unblock,
  untagPeople,
  updateTag,
} from './tags.ts';
import { addNotice, addTemplate, dropNotice, dropTemplate, listNotices, listTemplates } from './templates.ts';

const POST = 'POST';
const GET = 'GET';

export const CONSOLE_ROUTES: Readonly<Record<string, Route>> = {
  '/cgi-bin/template/api_add_template': { method: POST, perDay: 1000, run: addTemplate },
  '/cgi-bin/template/get_all_private_template': { method: GET, perDay: 100_000, run: listTemplates },
  '/cgi-bin/template/del_private_template': { method: POST, perDay: 1000, run: dropTemplate },
  '/wxaapi/newtmpl/addtemplate': { method: POST, perDay: 1000, run: addNotice },
  '/wxaapi/newtmpl/gettemplate': { method: GET, perDay: 100_000, run: listNotices },
  '/wxaapi/newtmpl/deltemplate': { method: POST, perDay: 1000, run: dropNotice },

  '/cgi-bin/tags/create': { method: POST, perDay: 1000, run: createTag },
  '/cgi-bin/tags/get': { method: GET, perDay: 1000, run: listTags },
  '/cgi-bin/tags/update': { method: POST, perDay: 1000, run: updateTag },
  '/cgi-bin/tags/delete': { method: POST, perDay: 1000, run: deleteTag },
  '/cgi-bin/tags/members/batchtagging': { method: POST, perDay: 500_000, run: tagPeople },
  '/cgi-bin/tags/members/batchuntagging': { method: POST, perDay: 500_000, run: untagPeople },
  '/cgi-bin/tags/getidlist': { method: POST, perDay: 500_000, run: tagsOfPerson },
  '/cgi-bin/user/tag/get': { method: POST, perDay: 1000, run: peopleOfTag },
  '/cgi-bin/user/info/updateremark': { method: POST, perDay: 10_000, run: setRemark },
  '/cgi-bin/tags/members/getblacklist': { method: POST, perDay: 1000, run: listBlocked },
  '/cgi-bin/tags/members/batchblacklist': { method: POST, perDay: 1000, run: block },
  '/cgi-bin/tags/members/batchunblacklist': { method: POST, perDay: 1000, run: unblock },

  '/cgi-bin/menu/addconditional': { method: POST, perDay: 2000, run: addConditional },
  '/cgi-bin/menu/delconditional': { method: POST, perDay: 2000, run: deleteConditional },
  '/cgi-bin/menu/trymatch': { method: POST, perDay: 20_000, run: tryMatch },

  '/cgi-bin/media/upload': { method: POST, perDay: 100_000, takesFile: true, run: upload },
  '/cgi-bin/media/uploadimg': { method: POST, perDay: 1000, takesFile: true, run: uploadImage },
  '/cgi-bin/media/get': { method: GET, perDay: 200_000, run: getMedia },
  '/cgi-bin/material/add_material': { method: POST, perDay: 1000, takesFile: true, run: addMaterial },
  '/cgi-bin/material/get_material': { method: POST, perDay: 1000, run: getMaterial },
  '/cgi-bin/material/del_material': { method: POST, perDay: 1000, run: deleteMaterial },
  '/cgi-bin/material/get_materialcount': { method: GET, perDay: 1000, run: countMaterials },
  '/cgi-bin/material/batchget_material': { method: POST, perDay: 1000, run: listMaterials },
};
