namespace Torchyard.Reports.Doctor.Checks;

/// <summary>Variables that hide GPUs, slow them down, or put the wrong library first.</summary>
internal sealed class EnvironmentCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        var visible = machine.Environment("CUDA_VISIBLE_DEVICES");
        if (visible is "" or "-1" or "NoDevFiles")
        {
            yield return new Finding
            {
                Id = "environment.hidden",
                Area = "system",
                State = CheckState.Fail,
                Text = $"CUDA_VISIBLE_DEVICES is '{visible}'",
                Why = "CUDA sees no GPU: torch.cuda.is_available() is False",
                Cure = "unset CUDA_VISIBLE_DEVICES; under Slurm ask for GPUs: --gres=gpu:1",
            };
        }
        else if (visible is not null && Unknown(machine, visible) is { Count: > 0 } unknown)
        {
            yield return new Finding
            {
                Id = "environment.visible",
                Area = "system",
                State = CheckState.Fail,
                Text = $"CUDA_VISIBLE_DEVICES names {string.Join(", ", unknown)}, which this machine does not have",
                Why = "CUDA ignores it and everything behind it",
                Cure = "unset CUDA_VISIBLE_DEVICES, or name GPUs that nvidia-smi -L lists",
            };
        }

        if (machine.Environment("SLURM_JOB_ID") is not null && visible is null && machine.Gpus.Gpus.Count > 0)
        {
            yield return new Finding
            {
                Id = "environment.slurm",
                Area = "system",
                State = CheckState.Warn,
                Text = "a Slurm job without CUDA_VISIBLE_DEVICES sees all GPUs",
                Why = "jobs take each other's GPUs",
                Cure = "ask for GPUs (--gres=gpu:N), and have ConstrainDevices=yes set in cgroup.conf",
            };
        }

        if (machine.Environment("CUDA_LAUNCH_BLOCKING") == "1")
        {
            yield return new Finding
            {
                Id = "environment.blocking",
                Area = "system",
                State = CheckState.Warn,
                Text = "CUDA_LAUNCH_BLOCKING is 1",
                Why = "every kernel is waited for: training is several times slower",
                Cure = "unset CUDA_LAUNCH_BLOCKING",
            };
        }

        foreach (var directory in (machine.Environment("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (directory.TrimEnd('/').EndsWith("/stubs", StringComparison.Ordinal))
            {
                yield return new Finding
                {
                    Id = "environment.stubs",
                    Area = "system",
                    State = CheckState.Fail,
                    Text = $"LD_LIBRARY_PATH has {directory}",
                    Why = "the stub libcuda answers every call with an error",
                    Cure = $"remove {directory} from LD_LIBRARY_PATH",
                };
            }
            else if (directory.Contains("/compat", StringComparison.Ordinal) && machine.Files.Exists($"{directory}/libcuda.so.1"))
            {
                yield return new Finding
                {
                    Id = "environment.compat",
                    Area = "system",
                    State = CheckState.Warn,
                    Text = $"LD_LIBRARY_PATH has the forward-compatibility driver {directory}",
                    Why = "on other than data-centre GPUs CUDA gives error 804; an older compat driver than the machine's fails",
                    Cure = $"remove {directory} unless the driver is older than the CUDA of PyTorch",
                };
            }
        }
    }

    private static List<string> Unknown(MachineView machine, string visible)
    {
        var gpus = machine.Gpus.Gpus;
        if (gpus.Count == 0)
        {
            return [];
        }

        return
        [
            .. visible
                .Split(',')
                .Select(v => v.Trim())
                .Where(v =>
                    int.TryParse(v, out var index)
                        ? index < 0 || index >= gpus.Count
                        : !gpus.Any(g =>
                            (g.Uuid is { } uuid && uuid.StartsWith(v, StringComparison.OrdinalIgnoreCase))
                            || g.MigDevices.Any(m => m.Uuid.StartsWith(v, StringComparison.OrdinalIgnoreCase))
                        )
                ),
        ];
    }
}
