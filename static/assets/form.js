// The create and edit forms load this file alone. It has what script adds to all
// pages, and what it adds to the forms.
import "./app.js";
import "./picker.js";
