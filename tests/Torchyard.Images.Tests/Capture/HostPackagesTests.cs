using Torchyard.Images.Capture.Host;

namespace Torchyard.Images.Tests.Capture;

public sealed class HostPackagesTests : IDisposable
{
    private readonly FakeMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void A_file_listed_under_a_linked_directory_is_found_by_its_real_path()
    {
        _machine.Package("libc6", "", "/lib/libc.so.6");

        Assert.Equal("libc6", Assert.Single(Read().OwnersOf("/usr/lib/libc.so.6")).Name);
        Assert.Empty(Read().OwnersOf("/lib/libc.so.6"));
    }

    [Fact]
    public void A_diverted_file_is_where_it_was_moved_to()
    {
        _machine
            .Package("dash", "", "/bin/sh")
            .Package("other", "", "/usr/bin/tool")
            .File("/var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndivert-package\n");

        Assert.Equal(["/usr/bin/sh.distrib"], Read().FilesOf(Read().Find("dash")!));
    }

    [Fact]
    public void What_a_package_needs_comes_with_it_and_the_first_installed_alternative_counts()
    {
        _machine
            .Package("tool", "Pre-Depends: libc6 (>= 2.36)\nDepends: missing | editor, chooser:any", "/usr/bin/tool")
            .Package("libc6", "", "/usr/lib/libc.so.6")
            .Package("vim", "Provides: editor", "/usr/bin/vim")
            .Package("nano", "Provides: editor", "/usr/bin/nano")
            .Package("chooser", "", "/usr/bin/chooser")
            .Package("unrelated", "", "/usr/bin/unrelated");
        var packages = Read();

        Assert.Equal(
            ["chooser", "libc6", "tool", "vim"],
            packages.Closure([packages.Find("tool")!]).Select(package => package.Name).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_removed_package_with_configuration_left_is_not_installed()
    {
        _machine.Package("libc6", "", "/usr/lib/libc.so.6");
        var status = System.IO.File.ReadAllText(_machine.Root + "/var/lib/dpkg/status");
        _machine.File(
            "/var/lib/dpkg/status",
            status + "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
        );

        Assert.Equal(["libc6"], Read().All.Select(package => package.Name));
    }

    [Fact]
    public void A_machine_without_the_database_has_no_packages() => Assert.Null(HostPackages.Read(_machine.Tree));

    [Fact]
    public void Alternatives_keep_only_choices_that_are_there()
    {
        const string text = """
            auto
            /usr/bin/editor
            editor.1.gz
            /usr/share/man/man1/editor.1.gz

            /bin/ed
            -100
            /usr/share/man/man1/ed.1.gz
            /usr/bin/vim.basic
            30



            """;
        var file = AlternativeFile.Parse(text);

        Assert.NotNull(file);
        Assert.Equal(text, file.Write(_ => true));
        Assert.Equal(["/bin/ed", "/usr/bin/vim.basic"], file.Choices.Select(choice => choice.Path));
        Assert.DoesNotContain("/bin/ed\n", file.Write(path => path != "/bin/ed"), StringComparison.Ordinal);
    }

    private HostPackages Read() => HostPackages.Read(_machine.Tree) ?? throw new InvalidOperationException("no packages");
}
