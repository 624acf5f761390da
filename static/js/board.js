/* The Kanban: each module has one subject, and works by listening; the server decides. */

import "./board/drag.js";
import "./board/menu.js";
import "./board/walk.js";
import "./board/scores.js";
import "./board/look.js";
import "./board/select.js";
