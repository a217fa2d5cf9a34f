#!/usr/bin/python3
"""A WebKitGTK browser for tests: a profile of its own, a window for every tab, and a socket for what W3C WebDriver does
not know: a hard reload, hidden tabs, what a person grants, and the death of the process that runs the workers.

Environment: BROWSER_PROFILE, a folder; BROWSER_FEATURES, a comma list of features to turn on; BROWSER_SOCKET, the path
of the socket. With `--automation` WebKitWebDriver drives it; else it opens the URLs that it is given, and a tab that is
opened covers the one before it. `--version` says which engine this is."""
import json
import os
import sys

import gi

gi.require_version('Gtk', '3.0')
gi.require_version('WebKit2', '4.1')
from gi.repository import Gdk, Gio, GLib, Gtk, WebKit2

if '--version' in sys.argv:
    print(f'WebKitGTK {WebKit2.get_major_version()}.{WebKit2.get_minor_version()}.{WebKit2.get_micro_version()}')
    sys.exit()

IS_AUTOMATED = '--automation' in sys.argv

profile = os.environ['BROWSER_PROFILE']
context = WebKit2.WebContext(
    website_data_manager=WebKit2.WebsiteDataManager(
        base_data_directory=profile + '/data', base_cache_directory=profile + '/cache'
    )
)
settings = WebKit2.Settings()
settings.set_javascript_can_open_windows_automatically(True)
settings.set_enable_write_console_messages_to_stdout(True)
wanted = os.environ.get('BROWSER_FEATURES', '').split(',')
features = WebKit2.Settings.get_all_features()
for index in range(features.get_length()):
    feature = features.get(index)
    if feature.get_identifier() in wanted:
        settings.set_feature_enabled(feature, True)

views = []

# Origins that may show notifications.
granted = []


def show(view):
    window = Gtk.Window()
    window.set_default_size(1280, 800)
    window.add(view)
    window.show_all()
    views.append(view)
    view.connect('close', close)
    view.connect('create', open_popup)
    view.connect('permission-request', decide)
    view.connect('decide-policy', go)
    return view


def close(view):
    views.remove(view)
    view.get_toplevel().destroy()
    if not views and not IS_AUTOMATED:
        Gtk.main_quit()


def decide(view, request):
    is_notification = isinstance(request, WebKit2.NotificationPermissionRequest)
    if is_notification and any(view.get_uri().startswith(origin) for origin in granted):
        request.allow()
    else:
        request.deny()
    return True


def go(_view, decision, kind):
    if kind != WebKit2.PolicyDecisionType.NAVIGATION_ACTION:
        return False
    uri = decision.get_navigation_action().get_request().get_uri()
    # Another program's, as in every browser that people use.
    if not uri.startswith('mailto:'):
        return False
    decision.ignore()
    return True


def open_view(is_automated):
    return show(
        WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=is_automated)
    )


def open_popup(view, _action):
    if not IS_AUTOMATED:
        GLib.idle_add(lambda: view.get_toplevel().hide())
    return show(
        WebKit2.WebView(
            related_view=view,
            settings=settings,
            is_controlled_by_automation=view.is_controlled_by_automation(),
        )
    )


# All workers of a site run in one process: that of the page that needed one first. The helper is a page that nobody
# drives; as the first one it takes the workers into its process, which can be killed without hurting another page.
helper = None


def load_helper(uri, reply):
    global helper
    helper = helper or open_view(False)
    handlers = []

    def on_title(view, _property):
        if view.get_title() != 'ready':
            return
        for handler in handlers:
            view.disconnect(handler)
        reply({})

    handlers.append(helper.connect('notify::title', on_title))
    helper.load_uri(uri)


def kill_helper(reply):
    def on_end(view, _reason):
        view.disconnect(handler)
        reply({})

    handler = helper.connect('web-process-terminated', on_end)
    helper.terminate_web_process()


def with_title(title):
    return next(view for view in views if view.get_title() == title)


def reload_hard(title, reply):
    with_title(title).reload_bypass_cache()
    reply({})


def show_tab(title, reply):
    with_title(title).get_toplevel().show()
    reply({})


def hide_tabs(reply):
    for view in views:
        view.get_toplevel().hide()
    reply({})


def look(scheme, width, height, reply):
    settings = Gtk.Settings.get_default()
    settings.set_property('gtk-application-prefer-dark-theme', scheme == 'dark')
    settings.set_property('gtk-enable-animations', False)
    for view in views:
        view.get_toplevel().resize(int(width), int(height))
    reply({})


def take_picture(title, path, reply):
    window = with_title(title).get_toplevel().get_window()
    Gdk.pixbuf_get_from_window(window, 0, 0, window.get_width(), window.get_height()).savev(path, 'png', [], [])
    reply({})


def grant_notifications(origin, reply):
    granted.append(origin)
    context.initialize_notification_permissions([WebKit2.SecurityOrigin.new_for_uri(each) for each in granted], [])
    reply({})


COMMANDS = {
    'load_helper': load_helper,
    'kill_helper': kill_helper,
    'reload_hard': reload_hard,
    'show_tab': show_tab,
    'hide_tabs': hide_tabs,
    'look': look,
    'take_picture': take_picture,
    'grant_notifications': grant_notifications,
}

# What is not referred to is collected.
kept = []


def serve(path):
    service = Gio.SocketService()
    service.add_address(
        Gio.UnixSocketAddress.new(path), Gio.SocketType.STREAM, Gio.SocketProtocol.DEFAULT, None
    )
    service.connect('incoming', on_incoming)
    service.start()
    kept.append(service)


def on_incoming(_service, connection, _source):
    lines = Gio.DataInputStream.new(connection.get_input_stream())
    kept.append((connection, lines))

    def reply(value):
        connection.get_output_stream().write_all((json.dumps(value) + '\n').encode(), None)

    def on_line(stream, result):
        line, _length = stream.read_line_finish_utf8(result)
        if line is None:
            return
        name, *arguments = json.loads(line)
        try:
            COMMANDS[name](*arguments, reply)
        except Exception as error:
            reply({'error': repr(error)})

    lines.read_line_async(GLib.PRIORITY_DEFAULT, None, on_line)
    return True


def on_automation(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name('browser.py')
    info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(info)
    session.connect('create-web-view', lambda _session: open_view(True))


if 'BROWSER_SOCKET' in os.environ:
    serve(os.environ['BROWSER_SOCKET'])
if IS_AUTOMATED:
    context.set_automation_allowed(True)
    context.connect('automation-started', on_automation)
else:
    for uri in sys.argv[1:]:
        open_view(False).load_uri(uri)
Gtk.main()
