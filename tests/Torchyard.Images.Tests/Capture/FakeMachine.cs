using System.Text;
using Torchyard.Images.Capture.Host;

namespace Torchyard.Images.Tests.Capture;

/// <summary>A directory that stands for the root of a machine, with a package database if packages are added.</summary>
internal sealed class FakeMachine : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly StringBuilder _status = new();

    public FakeMachine()
    {
        Directory.CreateDirectory(Root + "/usr/lib");
        Directory.CreateDirectory(Root + "/usr/bin");
        Link("/lib", "usr/lib");
        Link("/bin", "usr/bin");
    }

    public string Root => _root.Path;

    public HostTree Tree => new(Root);

    public void Dispose() => _root.Dispose();

    /// <summary>Writes a file; a program when it is in a bin directory.</summary>
    public FakeMachine File(string path, string text = "", int mode = 0x1A4)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root + path)!);
        System.IO.File.WriteAllText(Root + path, text);
        System.IO.File.SetUnixFileMode(Root + path, (UnixFileMode)mode);
        return this;
    }

    public FakeMachine Program(string path, string text = "#!/bin/sh\n") => File(path, text, 0x1ED);

    public FakeMachine Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root + path)!);
        System.IO.File.CreateSymbolicLink(Root + path, target);
        return this;
    }

    /// <summary>Adds a package; its files that do not exist yet are made.</summary>
    public FakeMachine Package(string name, string fields, params string[] files)
    {
        _status
            .Append("Package: ")
            .Append(name)
            .Append("\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n")
            .Append(fields.Trim('\n'))
            .Append(fields.Length > 0 ? "\n\n" : "\n");
        foreach (var file in files)
        {
            if (!Path.Exists(Root + file))
            {
                File(file, $"content of {file}", file.Contains("/bin/", StringComparison.Ordinal) ? 0x1ED : 0x1A4);
            }
        }

        File($"/var/lib/dpkg/info/{name}.list", "/.\n" + string.Concat(files.Select(file => file + "\n")));
        return File("/var/lib/dpkg/status", _status.ToString());
    }
}
