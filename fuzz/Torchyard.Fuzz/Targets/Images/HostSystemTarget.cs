using Torchyard.Images.Capture.Host;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class HostSystemTarget : FuzzTarget
{
    public override string Name => "os-release";

    public override string Input => "os-release and dpkg's status of a captured root";

    public override IReadOnlyList<string> Words =>
        [
            "ID=debian\n",
            "VERSION_CODENAME=trixie\n",
            "VERSION_ID=\"13\"\n",
            "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n",
            "Depends: b\n",
            "Source: c (2)\n",
            "Installed-Size: 99999999999999999\n",
        ];

    public override object? Parse(byte[] input)
    {
        var root = InputFile.EmptyDirectory();
        foreach (var name in new[] { "etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", "var/lib/dpkg/info/a.list" })
        {
            var path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, input);
        }

        var tree = new HostTree(root);
        var packages = HostPackages.Read(tree);
        return (
            HostSystem.Read(tree),
            packages
                ?.All.Select(package =>
                    (package.Name, package.Version, package.Source, package.SourceVersion, package.InstalledSize, packages.FilesOf(package))
                )
                .ToList()
        );
    }
}
