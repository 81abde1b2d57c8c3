using System.IO.Compression;
using System.Text;

namespace Torchyard.EndToEnd.Python;

/// <summary>Small Python projects as source archives.</summary>
internal static class TestSources
{
    /// <summary>
    /// A project with a backend of its own (PEP 517) that says in its module who built it, whether there was a network, and with what.
    /// </summary>
    /// <param name="name">Name and module.</param>
    /// <param name="version">Version.</param>
    /// <param name="asks">What the backend asks for.</param>
    /// <param name="extra">Python expression whose value the module has as <c>extra</c>.</param>
    public static IReadOnlyDictionary<string, string> Own(string name, string version, string asks = "[]", string extra = "None") =>
        new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = []\nbuild-backend = \"own\"\nbackend-path = [\"backend\"]\n",
            ["backend/own.py"] = $$"""
                import base64, hashlib, os, socket, zipfile

                def get_requires_for_build_wheel(config_settings=None):
                    return {{asks}}

                def network():
                    try:
                        socket.create_connection(("127.0.0.1", int(open("port.txt").read())), 2).close()
                        return True
                    except OSError:
                        return False

                def build_wheel(directory, config_settings=None, metadata_directory=None):
                    facts = {"uid": os.getuid(), "network": network(), "umask": oct(os.umask(0o022)), "cwd": os.getcwd(), "extra": {{extra}}}
                    info = "{{name}}-{{version}}.dist-info/"
                    files = {
                        "{{name}}.py": "facts = %r\n" % facts,
                        info + "METADATA": "Metadata-Version: 2.1\nName: {{name}}\nVersion: {{version}}\n",
                        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: own\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                    }
                    record = ""
                    for path, text in files.items():
                        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
                        record += "%s,sha256=%s,%d\n" % (path, digest, len(text.encode()))
                    files[info + "RECORD"] = record + info + "RECORD,,\n"
                    wheel = "{{name}}-{{version}}-py3-none-any.whl"
                    with zipfile.ZipFile(os.path.join(directory, wheel), "w") as archive:
                        for path, text in files.items():
                            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
                    return wheel

                """,
        };

    /// <summary>A project of before pyproject.toml, with a module in C.</summary>
    public static IReadOnlyDictionary<string, string> Native(string name) =>
        new Dictionary<string, string>
        {
            ["setup.py"] =
                $"from setuptools import Extension, setup\nsetup(name='{name}', version='1.0', ext_modules=[Extension('{name}', "
                + $"['{name}.c'])])\n",
            [$"{name}.c"] = $$$"""
                #include <Python.h>
                static PyObject *answer(PyObject *self, PyObject *arguments) { return PyLong_FromLong(42); }
                static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
                static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "{{{name}}}", 0, -1, methods};
                PyMODINIT_FUNC PyInit_{{{name}}}(void) { return PyModule_Create(&module); }

                """,
        };

    /// <summary>The project as a zip below one directory, the same bytes each time.</summary>
    public static byte[] Zip(IReadOnlyDictionary<string, string> files, string top)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                var entry = zip.CreateEntry($"{top}/{name}");
                entry.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return buffer.ToArray();
    }
}
