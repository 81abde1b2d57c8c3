using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;

namespace Torchyard.Commands;

/// <summary><c>torchyard lock</c>: answers a recipe with exact packages.</summary>
internal sealed partial class LockCommand : Verb
{
    private readonly Argument<string?> _recipe = RecipeArgument.Create();
    private readonly Option<bool> _check = new("--check")
    {
        Description = "Only say whether the lock fits the recipe; exit status 1 if not",
    };
    private readonly Option<bool> _upgrade = new("--upgrade") { Description = "Take the newest versions although the lock fits" };
    private readonly Option<string[]> _upgradePackages = new("--upgrade-package")
    {
        Description = "Take the newest version of this package and keep the others; may be repeated",
        HelpName = "NAME",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would change, and write nothing" };
    private readonly Option<bool> _offline = new("--offline") { Description = "Ask no archive and no index: what the store knows must do" };
    private readonly Option<string?> _torch = TorchOption.Create();
    private readonly Option<string?> _build = new("--build")
    {
        Description = "Build of PyTorch: cu126, cu128, cu130, ... (default: chosen)",
        HelpName = "BUILD",
    };
    private readonly Option<string[]> _gpus = new("--gpu")
    {
        Description = "GPU model that PyTorch must run on, such as h100; may be repeated (default: the recipe's, else this machine's)",
        HelpName = "MODEL",
    };

    private readonly Option<string?> _driver = new("--driver")
    {
        Description = "NVIDIA driver that PyTorch must run on (default: this machine's)",
        HelpName = "VERSION",
    };
    private readonly Option<string?> _glibc = new("--glibc")
    {
        Description = "Take only wheels that run on this glibc too (default: that of the base)",
        HelpName = "VERSION",
    };
    private readonly Option<string?> _fleet = new("--fleet")
    {
        Description = "TOML file with the machines that PyTorch must run on",
        HelpName = "FILE",
    };

    private readonly Option<bool> _trust = TrustOption.Create();

    public LockCommand()
        : base("lock", VerbGroup.Make, "Resolve the recipe into exact packages (torchyard.lock)")
    {
        Arguments.Add(_recipe);
        foreach (
            var option in new Option[]
            {
                _check,
                _upgrade,
                _upgradePackages,
                _dryRun,
                _offline,
                _torch,
                _build,
                _gpus,
                _driver,
                _glibc,
                _fleet,
                _trust,
                GlobalOptions.Json,
            }
        )
        {
            Options.Add(option);
        }

        Details = """
            The lock names every package with version, size, SHA-256 and where it comes from, and decides
            the digest of the image. Commit it beside the recipe. A lock that fits the recipe stays as it
            is; after a change of the recipe what it still allows keeps its version. --upgrade takes the
            newest of everything.

            PyTorch is chosen for the machines of the recipe's [fit], of the options, or this one, and the
            lock records by which rules. Machines that options name hold until others are named. Where no
            PyTorch fits all machines of a fleet, there is a lock for each part of it.

            Of a preset the lock is kept in the store.
            """;
        Examples =
        [
            new("torchyard lock", "the recipe of this directory"),
            new("torchyard lock --check", "for CI: fails when somebody changed the recipe and did not lock"),
            new("torchyard lock --upgrade", "take security updates and newer versions"),
            new("torchyard lock --upgrade-package numpy --dry-run", "what would one newer package change?"),
            new("torchyard lock --gpu h100 --driver 535.183.01", "for machines that are not this one"),
            new("torchyard lock --fleet machines.toml", "one lock for all machines, or as few as possible"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var request = new LockRequest
        {
            Recipe = invocation.Get(_recipe),
            Trust = invocation.Get(_trust),
            Options = new LockOptions
            {
                Torch = TorchOption.Read(invocation, _torch),
                Build = invocation.Get(_build),
                Gpus = invocation.Get(_gpus) ?? [],
                Driver = invocation.Get(_driver),
                Glibc = invocation.Get(_glibc),
                Fleet = invocation.Get(_fleet) is { } fleet ? invocation.Caller.FullPath(fleet) : null,
                Upgrade = invocation.Get(_upgrade),
                UpgradePackages = invocation.Get(_upgradePackages) ?? [],
                Offline = invocation.Get(_offline),
                DryRun = invocation.Get(_dryRun),
            },
        };
        var flow = new LockFlow(invocation.Host);
        if (invocation.Get(_check))
        {
            var check = await flow.CheckAsync(request, cancellation);
            invocation.Answer(check, LockJson.Default.LockCheck, found => Show(invocation, found));
            return check.Fits ? ExitCode.Done : ExitCode.Failed;
        }

        var outcome = await flow.RunAsync(request, cancellation);
        invocation.Answer(outcome, LockJson.Default.LockOutcome, found => LockText.Show(invocation.Screen, found));
        return ExitCode.Done;
    }

    private static void Show(Invocation invocation, LockCheck check)
    {
        foreach (var reason in check.Reasons)
        {
            invocation.Screen.Line(reason);
        }

        if (check.Fits)
        {
            invocation.Screen.Line("the lock fits the recipe");
        }
        else
        {
            invocation.Screen.ErrorLine("run 'torchyard lock'");
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(LockOutcome))]
    [JsonSerializable(typeof(LockCheck))]
    internal sealed partial class LockJson : JsonSerializerContext;
}
