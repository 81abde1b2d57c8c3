using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Images.Layers;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Environments;

/// <summary>
/// The Python that a project works with: a virtual environment (PEP 405) above what the image has, so that <c>pip</c> installs, upgrades
/// and removes as in any other, and what it does is kept apart from the image. <c>up</c> mounts a directory of the project there.
/// Whichever interpreter of the image is started finds the same packages: those of the project, of <c>/opt/venv</c>, of the base system.
/// </summary>
/// <param name="Version">Language version of the base system's interpreter, e.g. <c>3.13</c>.</param>
public sealed partial record ProjectPython(string Version)
{
    /// <summary>Where it is.</summary>
    public const string Root = EnvironmentPlaces.ProjectPython;

    /// <summary>Directory of its programs, first in the search path.</summary>
    public const string Programs = Root + "/bin";

    /// <summary>Directory of Jupyter's data that Torchyard adds: the kernel and the terminal's page.</summary>
    internal const string JupyterData = "/usr/lib/torchyard/jupyter";

    /// <summary>Directory of its packages, below <see cref="Root"/>.</summary>
    public string SitePackages => $"lib/python{Version}/site-packages";

    /// <summary>That of an image; null when the base system has no Python.</summary>
    /// <param name="locked">The image's lock.</param>
    public static ProjectPython? Of(RecipeLock locked)
    {
        ArgumentNullException.ThrowIfNull(locked);
        // An image with an environment of its own has another Python first.
        var python = locked.Base?.Programs is null
            ? locked.Packages.FirstOrDefault(package => package.Name == "python3")?.Version ?? locked.Base?.Python
            : null;
        return python is not null && LanguageVersion().Match(python) is { Success: true } match ? new ProjectPython(match.Value) : null;
    }

    /// <summary>That of an image, as its files show it; null when it has none.</summary>
    /// <param name="image">The image's files.</param>
    public static ProjectPython? In(ImageRoot image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return
            image.List(Root + "/lib").Select(name => DirectoryName().Match(name)).FirstOrDefault(match => match.Success) is { } found
            && image.Status($"{Root}/lib/{found.Value}") is { IsDirectory: true }
            ? new ProjectPython(found.Groups[1].Value)
            : null;
    }

    /// <summary>The environment while nothing is installed into it: the same for every image with this Python.</summary>
    public IReadOnlyList<EnvironmentEntry> Skeleton =>
        [
            OwnDirectory(Root),
            OwnDirectory(Programs),
            Own($"{Programs}/pip", Pip, (UnixFileMode)FileModes.Executable),
            Own($"{Programs}/pip3", Pip, (UnixFileMode)FileModes.Executable),
            Link($"{Programs}/python", "python3"),
            Link($"{Programs}/python3", $"/usr/bin/python{Version}"),
            Link($"{Programs}/python{Version}", "python3"),
            OwnDirectory(Root + "/lib"),
            OwnDirectory($"{Root}/lib/python{Version}"),
            OwnDirectory($"{Root}/{SitePackages}"),
            // The base system's packages are visible, also beside wheels of the recipe: a later directory of the path adds, and never
            // hides.
            Own(
                Root + "/pyvenv.cfg",
                $"home = /usr/bin\ninclude-system-site-packages = true\nversion = {Version}\nexecutable = /usr/bin/python{Version}\n",
                (UnixFileMode)FileModes.Readable
            ),
        ];

    /// <summary>What the image has beside it.</summary>
    /// <param name="hasJupyter">True when the recipe has the service.</param>
    internal IEnumerable<EnvironmentEntry> Files(bool hasJupyter)
    {
        var packages = $"/usr/local/lib/python{Version}/dist-packages";
        // Named one by one: what is only on the way to a file would take its mode from the umask.
        yield return Directory($"/usr/local/lib/python{Version}");
        yield return Directory(packages);
        yield return Text($"{packages}/torchyard.pth", "import torchyard_environment; torchyard_environment.arrange()\n");
        yield return Text($"{packages}/torchyard_environment.py", Resource("torchyard_environment.py"));
        // Where a program has no search path, shells look here first: env -i, cron.
        foreach (var (name, arguments) in new[] { ("python", ""), ("python3", ""), ("pip", " -m pip"), ("pip3", " -m pip") })
        {
            yield return Text(
                $"/usr/local/bin/{name}",
                $"#!/bin/sh\nexec {Programs}/python3{arguments} \"$@\"\n",
                (UnixFileMode)FileModes.Executable
            );
        }

        // Debian's pip refuses to touch Debian's Python (PEP 668). In an image nobody else manages it, and it is not where pip installs to.
        yield return Text("/etc/pip.conf", "[global]\nbreak-system-packages = true\n");
        if (hasJupyter)
        {
            yield return Directory($"{JupyterData}/kernels");
            yield return Directory($"{JupyterData}/kernels/python3");
            yield return Text(
                $"{JupyterData}/kernels/python3/kernel.json",
                $$"""
                {
                  "argv": ["{{Programs}}/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                  "display_name": "Python 3 (ipykernel)",
                  "language": "python",
                  "metadata": { "debugger": true }
                }

                """
            );
        }
    }

    /// <summary>Adds the variables that activating the environment sets.</summary>
    /// <param name="environment">Variables of the image.</param>
    /// <param name="path">Search path without the environment.</param>
    /// <param name="hasJupyter">True when the recipe has the service.</param>
    internal static void Activate(SortedDictionary<string, string> environment, string path, bool hasJupyter)
    {
        environment["PATH"] = $"{Programs}:{path}";
        environment["VIRTUAL_ENV"] = Root;
        if (hasJupyter)
        {
            // Torchyard's kernel first, so that a notebook has the project's Python; then what pip installs for Jupyter.
            environment["JUPYTER_PATH"] = $"{JupyterData}:{Root}/share/jupyter";
            environment["JUPYTER_CONFIG_PATH"] = Root + "/etc/jupyter";
        }
    }

    // As pip writes its own script, with words for images that have none.
    private const string Pip = $"""
        #!{Programs}/python3
        import sys

        try:
            from pip._internal.cli.main import main
        except ModuleNotFoundError:
            sys.exit('pip is not in this image: add "python3-pip" to packages in torchyard.toml, then torchyard up --recreate')

        sys.exit(main())

        """;

    private static EnvironmentEntry Own(string path, string text, UnixFileMode mode) =>
        new()
        {
            Path = path,
            Mode = mode,
            Uid = EnvironmentPlaces.UserId,
            Gid = EnvironmentPlaces.UserId,
            Content = Encoding.UTF8.GetBytes(text),
        };

    private static EnvironmentEntry OwnDirectory(string path) =>
        new()
        {
            Path = path,
            Mode = (UnixFileMode)FileModes.Directory,
            Uid = EnvironmentPlaces.UserId,
            Gid = EnvironmentPlaces.UserId,
            Content = null,
        };

    private static EnvironmentEntry Link(string path, string target) =>
        new()
        {
            Path = path,
            Mode = (UnixFileMode)FileModes.Executable,
            Uid = EnvironmentPlaces.UserId,
            Gid = EnvironmentPlaces.UserId,
            Content = null,
            LinkTarget = target,
        };

    private static EnvironmentEntry Directory(string path) =>
        new()
        {
            Path = path,
            Mode = (UnixFileMode)FileModes.Directory,
            Uid = 0,
            Gid = 0,
            Content = null,
        };

    private static EnvironmentEntry Text(string path, string text, UnixFileMode mode = (UnixFileMode)FileModes.Readable) =>
        new()
        {
            Path = path,
            Mode = mode,
            Uid = 0,
            Gid = 0,
            Content = Encoding.UTF8.GetBytes(text),
        };

    private static string Resource(string name)
    {
        using var stream = typeof(ProjectPython).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{name} is not in the program"));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^3\.[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageVersion();

    [GeneratedRegex(@"^python(3\.[0-9]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DirectoryName();
}
