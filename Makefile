# Lockstep. The two commands a user needs: `make run` and `make test`; `make help` lists the rest.

PROFILE ?= dev
BUILD   ?= build
OUT     := $(BUILD)/$(PROFILE)
CC      ?= gcc
JOBS    ?= $(shell nproc)
MINUTES ?= 60

# The ladder (docs/architecture.md): a module may include itself and what stands before it, which is
# also the order they are linked in. scripts/layers.sh holds the same order and checks it.
MODULES := core crypto evm state chain batch rollup verify world riscv proof rpc conformance node backend cli

# Files of guest-safe modules that need an operating system or a hosted library.
HOSTED_FILES := %_host.c src/state/source_lmdb.c src/state/node_store.c src/chain/genesis.c src/chain/store.c src/chain/pool.c src/chain/pool_order.c
GUEST_SAFE   := core crypto evm state chain batch rollup verify

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wvla -Wundef \
            -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Werror
CFLAGS_dev     := -O2 -g -DLOCKSTEP_VERIFY
CFLAGS_release := -O3 -g -fno-plt
CFLAGS_asan    := -O1 -g -DLOCKSTEP_VERIFY -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan    := -O1 -g -DLOCKSTEP_VERIFY -fsanitize=thread
CFLAGS_cov     := -O0 -g -DLOCKSTEP_VERIFY --coverage
CFLAGS_fuzz    := -O1 -g -DLOCKSTEP_VERIFY -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifeq ($(PROFILE),fuzz)
CC := clang
endif
INCLUDES := -Isrc -I$(OUT)/gen -isystem /usr/share/include/llhttp
CFLAGS   := -std=c17 -D_GNU_SOURCE $(INCLUDES) $(CFLAGS_$(PROFILE)) $(WARNINGS) $(EXTRA_CFLAGS)
LDFLAGS  := $(filter -fsanitize=address% -fsanitize=thread --coverage,$(CFLAGS_$(PROFILE)))
LIBS     := -lsecp256k1 -lcrypto -lgmp -llmdb -luv -lwslay -lcurl -lcjson -linih -lpthread -lm

# --- sources -------------------------------------------------------------------------------------
SOURCES_ALL := $(sort $(wildcard src/*/*.c))
SOURCES     := $(filter-out src/%/main.c src/guest/%,$(foreach s,$(SOURCES_ALL),$(if $(filter test_% fuzz_% bench_%,$(notdir $(s))),,$(s))))
module_objects = $(patsubst src/%.c,$(OUT)/obj/%.o,$(filter src/$(1)/%,$(SOURCES))) $(EXTRA_OBJECTS_$(1))
UNIT_TESTS  := $(patsubst src/%.c,$(OUT)/test/%,$(sort $(wildcard src/*/test_*.c)))
FUZZERS     := $(patsubst src/%.c,$(OUT)/fuzz/%,$(sort $(wildcard src/*/fuzz_*.c)))
BENCHES     := $(patsubst src/%.c,$(OUT)/bench/%,$(sort $(wildcard src/*/bench_*.c)))
LIBRARIES   := $(foreach m,$(MODULES),$(OUT)/lib/$(m).a)
LINK_ORDER  := $(foreach m,$(shell echo $(MODULES) | tr ' ' '\n' | tac),$(OUT)/lib/$(m).a)
# libraries_for,m: m and every module below it, highest first. A test of a low module neither builds
# nor links a higher one.
libraries_for = $(if $(filter $(1),$(firstword $(2))),$(2),$(call libraries_for,$(1),$(wordlist 2,99,$(2))))
reversed     := $(shell echo $(MODULES) | tr ' ' '\n' | tac)
module_link   = $(foreach m,$(call libraries_for,$(1),$(reversed)),$(OUT)/lib/$(m).a)

# llhttp comes as C sources in Debian's package node-llhttp.
LLHTTP := /usr/share/llhttp
EXTRA_OBJECTS_rpc := $(OUT)/obj/llhttp/llhttp.o $(OUT)/obj/llhttp/api.o $(OUT)/obj/llhttp/http.o

# blst and c-kzg come as sources in the npm package c-kzg (scripts/deps.sh), with the output of the
# mainnet ceremony. They are built once for all profiles.
KZG    := node_modules/c-kzg/deps
VENDOR := $(BUILD)/vendor
VENDOR_CC ?= cc
KZG_INCLUDES := -isystem $(KZG)/blst/bindings -isystem $(KZG)/c-kzg
# One jump for each instruction, and limbs copied one by one (src/evm/interpreter.c says why).
CFLAGS_FILE_interpreter := -fno-tree-vectorize -fno-tree-slp-vectorize
ifneq ($(PROFILE),fuzz)
CFLAGS_FILE_interpreter += -fno-gcse -fno-crossjumping
endif
CFLAGS_FILE_bls12_381 := $(KZG_INCLUDES)
CFLAGS_FILE_kzg       := $(KZG_INCLUDES)
CFLAGS_FILE_kzg_host  := $(KZG_INCLUDES)
EXTRA_OBJECTS_crypto := $(VENDOR)/kzg.o $(VENDOR)/kzg_setup.o

# The guest is part of the node: what attesters vouch for is named by its hash (proof/guest.h).
EXTRA_OBJECTS_proof := $(BUILD)/guest/embedded.o

.DEFAULT_GOAL := all
.PHONY: all lockstep run test rpc-compat demo crash reorgs bench soak tidy format deps help clean unit fuzzers asan contracts freestanding
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:

all: lockstep
lockstep: $(OUT)/lockstep

$(OUT)/lockstep: $(OUT)/obj/cli/main.o $(LIBRARIES)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(LINK_ORDER) $(LIBS)

$(OUT)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CFLAGS_FILE_$(basename $(notdir $<))) -MMD -MP -c -o $@ $<

$(OUT)/obj/llhttp/%.o: $(LLHTTP)/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 -g -DLLHTTP_STRICT_MODE=1 -I/usr/share/include/llhttp -w -c -o $@ $<

$(KZG)/%:
	@echo "$@ is missing: run make deps" >&2; false

$(VENDOR)/blst.o: $(KZG)/blst/src/server.c
	@mkdir -p $(@D)
	$(VENDOR_CC) -O2 -fno-builtin -fPIC -D__BLST_PORTABLE__ -w -c -o $@ $<

$(VENDOR)/blst_assembly.o: $(KZG)/blst/build/assembly.S
	@mkdir -p $(@D)
	$(VENDOR_CC) -fPIC -D__BLST_PORTABLE__ -c -o $@ $<

$(VENDOR)/ckzg.o: $(KZG)/c-kzg/ckzg.c
	@mkdir -p $(@D)
	$(VENDOR_CC) -O2 -fPIC -I$(KZG)/blst/bindings -I$(KZG)/c-kzg -w -c -o $@ $<

# One object that shows only what is called: c-kzg's other names are common words.
$(VENDOR)/kzg.o: $(VENDOR)/blst.o $(VENDOR)/blst_assembly.o $(VENDOR)/ckzg.o
	ld -r -o $@.tmp $^
	objcopy --wildcard --keep-global-symbol='blst_*' --keep-global-symbol='*_kzg_*' \
		--keep-global-symbol='*_trusted_setup*' $@.tmp $@
	@rm -f $@.tmp

$(VENDOR)/kzg_setup: scripts/kzg_setup.c src/crypto/kzg_setup_host.h $(VENDOR)/kzg.o
	$(VENDOR_CC) -std=c17 -O2 -Isrc $(KZG_INCLUDES) $(WARNINGS) -o $@ $< $(VENDOR)/kzg.o

$(VENDOR)/kzg_setup.bin: $(VENDOR)/kzg_setup $(KZG)/c-kzg/trusted_setup.txt
	$< $(KZG)/c-kzg/trusted_setup.txt $@

$(VENDOR)/kzg_setup.o: $(VENDOR)/kzg_setup.bin
	printf '%s\n' '.section .rodata' '.balign 64' '.global kzg_setup, kzg_setup_size' \
		'kzg_setup: .incbin "$<"' '.balign 8' 'kzg_setup_size: .quad . - kzg_setup' \
		'.section .note.GNU-stack,"",%progbits' >$(VENDOR)/kzg_setup.s
	$(VENDOR_CC) -c -o $@ $(VENDOR)/kzg_setup.s

define module_rules
$(OUT)/lib/$(1).a: $(call module_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
$(OUT)/test/$(1)/%: $(OUT)/obj/$(1)/%.o $(call module_link,$(1))
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) -o $$@ $$< $(call module_link,$(1)) $(LIBS) -lcmocka
$(OUT)/bench/$(1)/%: $(OUT)/obj/$(1)/%.o $(call module_link,$(1))
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) -o $$@ $$< $(call module_link,$(1)) $(LIBS)
$(OUT)/fuzz/$(1)/%: $(OUT)/obj/$(1)/%.o $(call module_link,$(1))
	@mkdir -p $$(@D)
	clang -fsanitize=fuzzer,address,undefined -o $$@ $$< $(call module_link,$(1)) $(LIBS)
endef
$(foreach m,$(MODULES),$(eval $(call module_rules,$(m))))

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)

# --- what a user types ---------------------------------------------------------------------------
# What is needed to get there is built without a word but errors; `make lockstep` shows the commands.
BUILD_QUIETLY = scripts/build.sh $(MAKE) --no-print-directory -j$(JOBS)

help:
	@sed -n 's/^# help: //p' Makefile

deps:
	@scripts/deps.sh

# help: make run [ARGS="…"]   install what is missing, build, start the development network
run: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep
	@exec $(BUILD)/release/lockstep $(ARGS)

# help: make demo             run the cross-chain demo against a network of its own
demo: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep
	@LOCKSTEP=$(BUILD)/release/lockstep node examples/demo/demo.mjs

# help: make crash [KILLS=500] kill a network with a data directory so often, and look what is left
crash: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep
	@LOCKSTEP=$(BUILD)/release/lockstep KILLS=$(or $(KILLS),500) node tests/crash/kills.mjs

# help: make reorgs           random reorganisations under load, 1000 rounds or ROUNDS of them
reorgs: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep
	@LOCKSTEP=$(BUILD)/release/lockstep ROUNDS=$(or $(ROUNDS),1000) node tests/reorgs/reorgs.mjs

# help: make example-NAME     run an application across chains: one of examples/apps, as uniswap or loop
example-%: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep
	@LOCKSTEP=$(BUILD)/release/lockstep node examples/apps/$*.mjs

# help: make test             install what is missing, build, run the whole test suite
test: deps
	@$(BUILD_QUIETLY) PROFILE=$(PROFILE) lockstep unit equivalence-build \
		$(BUILD)/guest/kernels.elf $(BUILD)/guest/statetest.elf
	@BUILD=$(BUILD) PROFILE=$(PROFILE) scripts/test.sh

unit: $(UNIT_TESTS)

# help: make asan             the test suite under AddressSanitizer and UBSan
asan:
	@$(MAKE) --no-print-directory PROFILE=asan test

# help: make rpc-compat [RPC_COMPAT=DIR]   run the JSON-RPC conformance suite of execution-apis
rpc-compat: deps
	@$(BUILD_QUIETLY) PROFILE=$(PROFILE) lockstep
	@LOCKSTEP=$(OUT)/lockstep node scripts/rpc_compat.mjs $(RPC_COMPAT)

# --- one-chain equivalence (tests/equivalence) ----------------------------------------------------
EQUIVALENCE := $(OUT)/equivalence
EQUIVALENCE_OBJECTS := $(patsubst %.c,$(OUT)/obj/%.o,$(sort $(wildcard tests/equivalence/*.c)))

$(OUT)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(EQUIVALENCE)/equivalence: $(EQUIVALENCE_OBJECTS) $(call module_link,riscv)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(EQUIVALENCE_OBJECTS) $(call module_link,riscv) $(LIBS)

$(EQUIVALENCE)/Node.hex: tests/equivalence/Node.sol tests/equivalence/compile.mjs contracts/src/libraries/HubErrors.sol
	@mkdir -p $(@D)
	node tests/equivalence/compile.mjs $@

# The same with an L3, a rollup of rollup 1, for a fifth chain.
LEVELS_OBJECTS := $(patsubst %.c,$(OUT)/obj/levels/%.o,$(sort $(wildcard tests/equivalence/*.c)))

$(OUT)/obj/levels/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DEQUIVALENCE_L3 -MMD -MP -c -o $@ $<

$(EQUIVALENCE)/levels: $(LEVELS_OBJECTS) $(call module_link,riscv)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(LEVELS_OBJECTS) $(call module_link,riscv) $(LIBS)

$(EQUIVALENCE)/Levels.hex: tests/equivalence/Node.sol tests/equivalence/compile.mjs contracts/src/libraries/HubErrors.sol
	@mkdir -p $(@D)
	node tests/equivalence/compile.mjs $@ 30 ReadingNode

.PHONY: equivalence equivalence-build equivalence-levels
equivalence-build: $(EQUIVALENCE)/equivalence $(EQUIVALENCE)/Node.hex $(EQUIVALENCE)/levels $(EQUIVALENCE)/Levels.hex

# help: make equivalence [GRAPHS=N] [SEED=S]   random call graphs spread over chains and on one, compared
equivalence: deps
	@$(BUILD_QUIETLY) PROFILE=release equivalence-build
	@$(BUILD)/release/equivalence/equivalence $(BUILD)/release/equivalence/Node.hex $(or $(GRAPHS),500) $(SEED)

# help: make equivalence-levels [GRAPHS=N] [SEED=S]   the same with an L3 besides
equivalence-levels: deps
	@$(BUILD_QUIETLY) PROFILE=release equivalence-build
	@$(BUILD)/release/equivalence/levels $(BUILD)/release/equivalence/Levels.hex $(or $(GRAPHS),500) $(SEED)

# help: make batches [GRAPHS=7500] [SEED=S]   their batches as files, on every machine, and with flipped bits
.PHONY: batches
batches: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep equivalence-build
	@$(BUILD_QUIETLY) PROFILE=asan equivalence-build
	@$(BUILD)/release/equivalence/equivalence --files $(BUILD)/release/equivalence/Node.hex $(or $(GRAPHS),7500) $(or $(SEED),1) 24
	@$(BUILD)/release/equivalence/levels --files $(BUILD)/release/equivalence/Levels.hex $(or $(GRAPHS),1500) $(or $(SEED),1) 24
	@LOCKSTEP=$(BUILD)/release/lockstep LOCKSTEP_FILES_GRAPHS=$(or $(GRAPHS),7500) LOCKSTEP_SEED=$(or $(SEED),1) \
		LOCKSTEP_FILES_ASAN=$(BUILD)/asan/equivalence/equivalence node --test tests/equivalence/files.test.mjs

# help: make tidy             formatter, layers, freestanding check, contract artifacts, clang-tidy, cppcheck
tidy: deps
	@scripts/tidy.sh

format:
	@clang-format -i $(shell git ls-files 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h')

# help: make freestanding     compile the guest-safe modules without any hosted header
freestanding: $(patsubst src/%.c,$(OUT)/freestanding/%.o,$(filter-out $(HOSTED_FILES),$(foreach m,$(GUEST_SAFE),$(filter src/$(m)/%,$(SOURCES)))))

$(OUT)/freestanding/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -Isrc -O2 $(WARNINGS) $(CFLAGS_FILE_$(basename $(notdir $<))) -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) -MMD -MP -c -o $@ $<

# --- the guest (src/guest) -------------------------------------------------------------------------
# The guest-safe modules as a bare-metal RISC-V program, to be run by zkVMs, and by anybody with an
# emulator. Its bytes are the same wherever it is built: relative names only, one fixed compiler.
GUEST     := $(BUILD)/guest
GUEST_CC  ?= $(filter ccache %/ccache,$(firstword $(CC))) riscv64-unknown-elf-gcc
GUEST_ABI := -march=rv64im -mabi=lp64 -mcmodel=medany
SECP256K1 := node_modules/secp256k1/src/secp256k1
GUEST_CFLAGS := -std=c17 $(GUEST_ABI) -O2 -ffreestanding -ffunction-sections -fdata-sections \
                -fno-asynchronous-unwind-tables -fno-common -nostdinc -Isrc -fno-schedule-insns
GUEST_WARNINGS := $(WARNINGS)
GUEST_MODULE_SOURCES := $(filter-out $(HOSTED_FILES),$(foreach m,$(GUEST_SAFE),$(filter src/$(m)/%,$(SOURCES))))
GUEST_SOURCES := $(GUEST_MODULE_SOURCES) $(filter-out src/guest/statetest.c,$(wildcard src/guest/*.c))
GUEST_OBJECTS := $(GUEST)/obj/guest/machine.o $(GUEST)/obj/guest/memory.o $(patsubst src/%.c,$(GUEST)/obj/%.o,$(GUEST_SOURCES)) \
                 $(GUEST)/obj/blst.o $(GUEST)/obj/secp256k1.o
# Else gcc sees that these are memcpy and memset, and calls them.
GUEST_FILE_libc := -fno-tree-loop-distribute-patterns
GUEST_FILE_keccak := -fno-tree-loop-distribute-patterns
GUEST_FILE_portable_secp256k1 := -isystem $(SECP256K1)/include
.PHONY: guest
# help: make guest            build the RISC-V guest, build/guest/lockstep-guest.elf
guest: $(GUEST)/lockstep-guest.elf

# The libraries are what a machine's accelerators spare, and half of the program: small rather than quick.
GUEST_FILE_blst      := -Os -Isrc/guest/libc -D__BLST_NO_ASM__ -D__BLST_NO_CPUID__
GUEST_FILE_secp256k1 := -Os -Isrc/guest/libc -I$(SECP256K1) -I$(SECP256K1)/src \
	-DENABLE_MODULE_RECOVERY -DUSE_ENDOMORPHISM -DUSE_NUM_NONE -DUSE_FIELD_INV_BUILTIN -DUSE_SCALAR_INV_BUILTIN \
	-DHAVE___INT128 -DUSE_FIELD_5X52 -DUSE_SCALAR_4X64 -DECMULT_WINDOW_SIZE=6 -DECMULT_GEN_PREC_BITS=2

# Written anew only when it changes: other flags, other objects.
GUEST_FLAGS = $(GUEST_CFLAGS) $(foreach v,$(sort $(filter GUEST_FILE_%,$(.VARIABLES))),$(v) $($(v)))
$(GUEST)/flags: force
	@mkdir -p $(@D)
	@echo "$(GUEST_FLAGS)" | cmp -s - $@ || echo "$(GUEST_FLAGS)" >$@
.PHONY: force
force:

$(GUEST)/obj/%.o: src/%.c $(GUEST)/flags
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -isystem $(shell $(GUEST_CC) -print-file-name=include) $(GUEST_WARNINGS) $(CFLAGS_FILE_$(basename $(notdir $<))) $(GUEST_FILE_$(basename $(notdir $<))) -MMD -MP -c -o $@ $<

$(GUEST)/obj/%.o: src/%.S $(GUEST)/flags
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_ABI) -Isrc -MMD -MP -c -o $@ $<

$(GUEST)/obj/blst.o: $(KZG)/blst/src/server.c $(GUEST)/flags
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -isystem $(shell $(GUEST_CC) -print-file-name=include) $(GUEST_FILE_blst) -w -MMD -MP -c -o $@ $<

$(SECP256K1)/%:
	@echo "$@ is missing: run make deps" >&2; false

$(GUEST)/obj/secp256k1.o: $(SECP256K1)/src/secp256k1.c $(GUEST)/flags
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -isystem $(shell $(GUEST_CC) -print-file-name=include) $(GUEST_FILE_secp256k1) -w -MMD -MP -c -o $@ $<

$(GUEST)/link.ld: src/guest/link.ld src/riscv/abi.h
	@mkdir -p $(@D)
	$(GUEST_CC) -E -P -undef -x c -Isrc -o $@ $<

$(GUEST)/lockstep-guest.elf: $(GUEST)/link.ld $(GUEST_OBJECTS)
	$(GUEST_CC) $(GUEST_ABI) -nostdlib -static -Wl,--gc-sections -Wl,--build-id=none -T $< -o $@ $(GUEST_OBJECTS) -lgcc

# The same with a main of its own, for what things cost in it (tests/riscv).
$(GUEST)/obj/tests/kernels.o: tests/riscv/kernels.c $(GUEST)/flags
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -isystem $(shell $(GUEST_CC) -print-file-name=include) $(GUEST_WARNINGS) -MMD -MP -c -o $@ $<

$(GUEST)/kernels.elf: $(GUEST)/link.ld $(GUEST)/obj/tests/kernels.o $(GUEST_OBJECTS)
	$(GUEST_CC) $(GUEST_ABI) -nostdlib -static -Wl,--gc-sections -Wl,--build-id=none -T $< -o $@ $(filter-out %/guest/main.o %.ld,$^) -lgcc

# A test build: one case of a state test instead of a batch.
STATETEST_OBJECTS := $(filter-out $(GUEST)/obj/guest/main.o,$(GUEST_OBJECTS)) \
                     $(GUEST)/obj/guest/statetest.o $(GUEST)/obj/conformance/state_case.o
$(GUEST)/statetest.elf: $(GUEST)/link.ld $(STATETEST_OBJECTS)
	$(GUEST_CC) $(GUEST_ABI) -nostdlib -static -Wl,--gc-sections -Wl,--build-id=none -T $< -o $@ $(STATETEST_OBJECTS) -lgcc

$(GUEST)/embedded.o: $(GUEST)/lockstep-guest.elf
	printf '%s\n' '.section .rodata' '.balign 64' '.global guest_elf_file, guest_elf_file_size' \
		'guest_elf_file: .incbin "$<"' '1: .balign 8' \
		'guest_elf_file_size: .quad 1b - guest_elf_file' \
		'.section .note.GNU-stack,"",%progbits' >$(GUEST)/embedded.s
	$(VENDOR_CC) -c -o $@ $(GUEST)/embedded.s

# help: make statetest-guest  all state tests from Cancun on, inside the guest
.PHONY: statetest-guest
statetest-guest: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep $(GUEST)/statetest.elf
	@eval "$$(scripts/fixtures.sh)"; for fork in Cancun Prague Osaka; do $(BUILD)/release/lockstep statetest \
		--machine $(GUEST)/statetest.elf --fork $$fork $$LOCKSTEP_FIXTURES_DIR/state-tests || exit 1; done

-include $(shell find $(GUEST)/obj -name '*.d' 2>/dev/null)

# help: make contracts        compile contracts/ and rewrite the committed artifacts
contracts: deps
	@node scripts/contracts.mjs

# help: make bench [BENCH=x]  measure; prints and writes build/bench.csv
bench: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep benches
	@BUILD=$(BUILD) BENCH=$(BENCH) scripts/bench.sh

.PHONY: benches
benches: $(BENCHES)

# help: make soak [MINUTES=60]  mixed load for so long; fails when the node's memory grows
soak: deps
	@$(BUILD_QUIETLY) PROFILE=release lockstep benches
	@LOCKSTEP=$(BUILD)/release/lockstep MINUTES=$(MINUTES) node scripts/soak.mjs

# help: make fuzzers          build every fuzzer (PROFILE=fuzz) into build/fuzz/fuzz
fuzzers:
	@$(MAKE) --no-print-directory -j$(JOBS) PROFILE=fuzz fuzzers-build
.PHONY: fuzzers-build
fuzzers-build: $(FUZZERS)

# help: make nightly          what takes hours: all graphs, all state tests in the guest, fuzzers, kills, soak
.PHONY: nightly
nightly: deps
	@BUILD=$(BUILD) scripts/nightly.sh $(PARTS)

# help: make clean            remove build/
clean:
	rm -rf $(BUILD)
