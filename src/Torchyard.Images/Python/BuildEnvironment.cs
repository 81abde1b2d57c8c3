using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>
/// The isolated environment of a build: a virtual environment on the base system's interpreter (PEP 405) with what the backend needs and
/// nothing else, so that Debian's Python packages do not get into wheels unseen.
/// </summary>
internal static class BuildEnvironment
{
    /// <summary>Makes it.</summary>
    /// <param name="directory">Gets the environment.</param>
    /// <param name="inside">Where the sandbox has that directory.</param>
    /// <param name="python">Language version of the interpreter, e.g. <c>3.13</c>.</param>
    /// <param name="tools">Wheels, by file name.</param>
    /// <exception cref="TorchyardException">TY2501, TY2502.</exception>
    internal static void Make(string directory, string inside, string python, IReadOnlyDictionary<string, string> tools)
    {
        var layout = new VenvLayout(python, inside);
        var planner = new InstallPlanner(layout);
        InstalledFiles.MakeDirectory(Path.Combine(directory, layout.SitePackages));
        InstalledFiles.MakeDirectory(Path.Combine(directory, VenvLayout.Scripts));
        File.WriteAllText(
            Path.Combine(directory, "pyvenv.cfg"),
            $"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n"
        );
        File.SetUnixFileMode(Path.Combine(directory, "pyvenv.cfg"), (UnixFileMode)FileModes.ReadOnly);
        foreach (var name in new[] { "python", "python3", $"python{python}" })
        {
            File.CreateSymbolicLink(Path.Combine(directory, VenvLayout.Scripts, name), $"/usr/bin/python{python}");
        }

        foreach (var (filename, file) in tools.OrderBy(tool => tool.Key, StringComparer.Ordinal))
        {
            using var wheel = WheelArchive.Open(file, filename);
            var package = new LockedPythonPackage
            {
                Name = wheel.FileName.Name,
                Version = wheel.Metadata.Version,
                Filename = filename,
                Size = 0,
                Sha256 = default,
            };
            try
            {
                InstalledFiles.Write(planner.Plan(wheel, package), directory);
            }
            catch (InvalidDataException damaged)
            {
                throw new TorchyardException(
                    PackageCodes.BadWheel,
                    $"{filename}: {damaged.Message}",
                    "nothing of it was installed. Fetch the wheel again from its publisher",
                    damaged
                );
            }
        }
    }
}
