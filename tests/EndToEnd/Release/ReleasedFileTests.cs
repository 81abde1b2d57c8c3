using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Release;

/// <summary>What is in the files of a release, by the tools that open such files.</summary>
public sealed class ReleasedFileTests(ReleasedFiles release)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Checksums_name_every_file_and_are_right()
    {
        var directory = await release.RequireAsync(Cancellation);

        (await HostProgram.RunAsync("sha256sum", ["--check", "--strict", "SHA256SUMS"], Cancellation, directory)).Succeeded();
        Assert.Equal(
            Directory.GetFiles(directory).Select(Path.GetFileName).Where(name => name != "SHA256SUMS").Order(StringComparer.Ordinal),
            File.ReadLines(Path.Combine(directory, "SHA256SUMS")).Select(line => line.Split("  ")[1]).Order(StringComparer.Ordinal)
        );
        Assert.Equal(5, File.ReadLines(Path.Combine(directory, "SHA256SUMS")).Count());
    }

    [Fact]
    public async Task The_archive_holds_both_programs_a_page_for_each_verb_and_three_completions_and_nobody_owns_them()
    {
        var listing = (
            await HostProgram.RunAsync(
                "tar",
                ["--utc", "--full-time", "--numeric-owner", "-tvzf", await release.RequireAsync("torchyard-*.tar.gz", Cancellation)],
                Cancellation
            )
        )
            .Succeeded()
            .Output;
        var lines = listing.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.All(lines, line => Assert.Matches(@"^\S+ 0/0 +\d+ 2026-02-03 04:05:06 ", line));
        var names = lines.Select(line => Regex.Match(line, @"04:05:06 [^/]+/(.*)$").Groups[1].Value).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Contains("bin/torchyard -> ../lib/torchyard/torchyard", names);
        Assert.Contains("lib/torchyard/torchyard-supervisor", names);
        Assert.Contains("lib/torchyard/torchyard-mirror", names);
        Assert.Contains("share/doc/torchyard/LICENSE", names);
        Assert.Contains("share/bash-completion/completions/torchyard", names);
        Assert.Contains("share/zsh/site-functions/_torchyard", names);
        Assert.Contains("share/fish/vendor_completions.d/torchyard.fish", names);
        var help = (await HostProgram.RunAsync(TestStore.Program, ["--help"], Cancellation)).Succeeded().Output;
        var verbs = Regex
            .Matches(help.Split("Options of every verb")[0], "(?m)^  ([a-z]+)  ")
            .Select(match => $"share/man/man1/torchyard-{match.Groups[1].Value}.1");
        Assert.Equal(
            verbs.Append("share/man/man1/torchyard.1").Order(StringComparer.Ordinal),
            names.Where(name => name.EndsWith(".1", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task The_package_asks_for_the_c_library_that_the_program_needs()
    {
        var package = await release.RequireAsync("torchyard_*_amd64.deb", Cancellation);
        var version = (await HostProgram.RunAsync(TestStore.Program, ["--version"], Cancellation)).Output.Split(' ')[1];
        var needed = Regex
            .Matches((await HostProgram.RunAsync("readelf", ["-V", TestStore.Program], Cancellation)).Output, @"GLIBC_([0-9.]+)")
            .Select(match => Version.Parse(match.Groups[1].Value))
            .Max();

        Assert.Equal("torchyard", await FieldAsync(package, "Package"));
        Assert.Equal("amd64", await FieldAsync(package, "Architecture"));
        Assert.Equal(version.Replace('-', '~') + "-1", await FieldAsync(package, "Version"));
        Assert.StartsWith($"libc6 (>= {needed}), ", await FieldAsync(package, "Depends"), StringComparison.Ordinal);
        Assert.Contains("uidmap", await FieldAsync(package, "Recommends"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_package_has_the_program_its_pages_and_right_sums()
    {
        using var root = new TemporaryDirectory();
        (
            await HostProgram.RunAsync(
                "dpkg-deb",
                ["-R", await release.RequireAsync("torchyard_*_amd64.deb", Cancellation), root.Path],
                Cancellation
            )
        ).Succeeded();

        (await HostProgram.RunAsync("md5sum", ["--check", "--strict", "--quiet", "DEBIAN/md5sums"], Cancellation, root.Path)).Succeeded();
        Assert.Equal(
            Directory
                .GetFiles(Path.Combine(root.Path, "usr"), "*", SearchOption.AllDirectories)
                .Count(file => File.ResolveLinkTarget(file, returnFinalTarget: false) is null),
            File.ReadLines(Path.Combine(root.Path, "DEBIAN/md5sums")).Count()
        );
        Assert.Equal("../lib/torchyard/torchyard", new FileInfo(Path.Combine(root.Path, "usr/bin/torchyard")).LinkTarget);
        Assert.Equal(ReleasedFiles.HashOf(TestStore.Program), ReleasedFiles.HashOf(Path.Combine(root.Path, "usr/lib/torchyard/torchyard")));
        await using var page = new GZipStream(
            File.OpenRead(Path.Combine(root.Path, "usr/share/man/man1/torchyard-up.1.gz")),
            CompressionMode.Decompress
        );
        using var reader = new StreamReader(page);
        Assert.StartsWith(".TH TORCHYARD\\-UP 1 2026-02-03 ", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        foreach (
            var (shell, file) in new[]
            {
                ("bash", "bash-completion/completions/torchyard"),
                ("zsh", "zsh/vendor-completions/_torchyard"),
                ("fish", "fish/vendor_completions.d/torchyard.fish"),
            }
        )
        {
            var script = (await HostProgram.RunAsync(TestStore.Program, ["completion", shell], Cancellation)).Succeeded().Output;
            Assert.Equal(script, await File.ReadAllTextAsync(Path.Combine(root.Path, "usr/share", file), Cancellation));
        }
    }

    [Fact]
    public async Task The_bill_of_materials_has_what_the_lock_files_and_the_pins_name()
    {
        var sources = SourceTree.Root;
        using var sbom = JsonDocument.Parse(
            await File.ReadAllBytesAsync(await release.RequireAsync("torchyard-*.spdx.json", Cancellation), Cancellation)
        );
        var packages = sbom
            .RootElement.GetProperty("packages")
            .EnumerateArray()
            .ToDictionary(package => package.GetProperty("name").GetString()!, package => package, StringComparer.Ordinal);
        var versions = packages.ToDictionary(
            package => package.Key,
            package => package.Value.GetProperty("versionInfo").GetString()!,
            StringComparer.Ordinal
        );

        // The first group of the file are the packages of the program.
        var program = XDocument
            .Load(Path.Combine(sources, "Directory.Packages.props"))
            .Descendants("PackageVersion")
            .TakeWhile(package => package.PreviousNode is not XComment { Value: " the build " })
            .ToList();
        Assert.NotEmpty(program);
        Assert.All(program, package =>
            Assert.Equal((string?)package.Attribute("Version"), versions[(string)package.Attribute("Include")!])
        );
        Assert.DoesNotContain(versions.Keys, name =>
            name.Contains("Analyzers", StringComparison.Ordinal) || name.Contains("ILCompiler", StringComparison.Ordinal)
        );
        var pins = await File.ReadAllTextAsync(Path.Combine(sources, "eng/NativeLibraries/libraries.pins"), Cancellation);
        foreach (var library in new[] { "libzstd-dev", "liblzma-dev" })
        {
            Assert.Contains($"/{library}_{versions[library]}_amd64.deb", pins, StringComparison.Ordinal);
        }

        Assert.Contains("Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64", versions.Keys);
        Assert.Contains("libc6-dev", versions.Keys);
        Assert.All(packages.Values, package => Assert.NotEqual("NOASSERTION", package.GetProperty("licenseDeclared").GetString()));
        foreach (var name in new[] { "torchyard", "torchyard-supervisor", "torchyard-mirror" })
        {
            var hash = Assert.Single(packages[name].GetProperty("checksums").EnumerateArray()).GetProperty("checksumValue").GetString();
            Assert.Equal(ReleasedFiles.HashOf(Path.Combine(Path.GetDirectoryName(TestStore.Program)!, name)), hash);
        }

        var ids = packages.Values.Select(package => package.GetProperty("SPDXID").GetString()!).ToHashSet(StringComparer.Ordinal);
        Assert.All(ids, id => Assert.Matches("^SPDXRef-[A-Za-z0-9.-]+$", id));
        var linked = sbom
            .RootElement.GetProperty("relationships")
            .EnumerateArray()
            .Select(relationship => relationship.GetProperty("relatedSpdxElement").GetString()!);
        Assert.Equal(ids.Order(StringComparer.Ordinal), linked.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_native_tool_is_two_packages_of_which_one_names_the_other()
    {
        var version = (await HostProgram.RunAsync(TestStore.Program, ["--version"], Cancellation)).Output.Split(' ')[1];
        using var pointer = ZipFile.OpenRead(await release.RequireAsync($"torchyard.{version}.nupkg", Cancellation));
        using var native = ZipFile.OpenRead(await release.RequireAsync($"torchyard.linux-x64.{version}.nupkg", Cancellation));

        Assert.Contains(
            "RuntimeIdentifier=\"linux-x64\" Id=\"torchyard.linux-x64\"",
            Read(pointer, "tools/any/any/DotnetToolSettings.xml"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "EntryPoint=\"torchyard\" Runner=\"executable\"",
            Read(native, "tools/any/linux-x64/DotnetToolSettings.xml"),
            StringComparison.Ordinal
        );
        Assert.Contains($"<version>{version}</version>", Read(pointer, "torchyard.nuspec"), StringComparison.Ordinal);
        Assert.NotNull(native.GetEntry("tools/any/linux-x64/torchyard-supervisor"));
        Assert.NotNull(native.GetEntry("tools/any/linux-x64/torchyard-mirror"));
        Assert.Equal(new FileInfo(TestStore.Program).Length, native.GetEntry("tools/any/linux-x64/torchyard")!.Length);
        Assert.All(pointer.Entries.Concat(native.Entries), entry =>
            Assert.Equal(
                DateTimeOffset.FromUnixTimeSeconds(ReleasedFiles.Date).UtcDateTime.ToString("s", CultureInfo.InvariantCulture),
                entry.LastWriteTime.DateTime.ToString("s", CultureInfo.InvariantCulture)
            )
        );
    }

    private static string Read(ZipArchive archive, string name)
    {
        using var reader = new StreamReader(archive.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static async Task<string> FieldAsync(string package, string field) =>
        (await HostProgram.RunAsync("dpkg-deb", ["-f", package, field], Cancellation)).Succeeded().Output.Trim();
}
